package tunnel

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// magic is the constant of RFC 6455 that proves that a server understood the handshake.
const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Socket is one open WebSocket. One goroutine may read while others write.
type Socket struct {
	conn   net.Conn
	in     *bufio.Reader
	client bool
	write  sync.Mutex
}

func accept(key string) string {
	sum := sha1.Sum([]byte(key + magic))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Dial shakes hands over an open connection.
func Dial(conn net.Conn, host, path string) (*Socket, error) {
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	key := base64.StdEncoding.EncodeToString(nonce)
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", path, host, key)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusSwitchingProtocols || response.Header.Get("Sec-WebSocket-Accept") != accept(key) {
		return nil, errors.New("no WebSocket there: " + response.Status)
	}
	return &Socket{conn: conn, in: in, client: true}, nil
}

// Upgrade makes a WebSocket of a request; on an error it has answered already.
func Upgrade(out http.ResponseWriter, in *http.Request) (*Socket, error) {
	key := in.Header.Get("Sec-WebSocket-Key")
	hijacker, can := out.(http.Hijacker)
	if !can || key == "" || !strings.EqualFold(in.Header.Get("Upgrade"), "websocket") {
		http.Error(out, "this is for WebSockets", http.StatusBadRequest)
		return nil, errors.New("no WebSocket was asked for")
	}
	conn, buffer, err := hijacker.Hijack()
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", accept(key))
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &Socket{conn: conn, in: buffer.Reader}, nil
}

// Send sends one message.
func (s *Socket) Send(message []byte) error { return s.frame(opText, message) }

func (s *Socket) frame(opcode byte, payload []byte) error {
	s.write.Lock()
	defer s.write.Unlock()
	return writeFrame(s.conn, opcode, payload, s.client)
}

// Receive waits for one message and answers pings meanwhile. io.EOF: the other side has closed.
func (s *Socket) Receive() ([]byte, error) {
	for {
		opcode, payload, err := readFrame(s.in, !s.client)
		if err != nil {
			return nil, err
		}
		switch opcode {
		case opText:
			return payload, nil
		case opPing:
			if err := s.frame(opPong, payload); err != nil {
				return nil, err
			}
		case opClose:
			return nil, io.EOF
		}
	}
}

// Close says goodbye and closes; the other side may be gone already.
func (s *Socket) Close() error {
	_ = s.frame(opClose, nil)
	return s.conn.Close()
}
