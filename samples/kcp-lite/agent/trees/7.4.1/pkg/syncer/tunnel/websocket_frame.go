package tunnel

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The opcodes of RFC 6455 that the tunnel uses.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// maxMessage is the longest message, in bytes; a longer one ends the connection.
const maxMessage = 1 << 20

// ErrTooLong means that the other side sent more than maxMessage at once.
var ErrTooLong = errors.New("the message is too long")

// writeFrame writes one unfragmented frame. Clients mask what they send, servers must not.
func writeFrame(out io.Writer, opcode byte, payload []byte, masked bool) error {
	head := []byte{0x80 | opcode, 0}
	switch length := len(payload); {
	case length < 126:
		head[1] = byte(length)
	case length < 1<<16:
		head[1] = 126
		head = binary.BigEndian.AppendUint16(head, uint16(length))
	default:
		head[1] = 127
		head = binary.BigEndian.AppendUint64(head, uint64(length))
	}
	if masked {
		head[1] |= 0x80
		key := make([]byte, 4)
		if _, err := rand.Read(key); err != nil {
			return err
		}
		head = append(head, key...)
		payload = masking(payload, key)
	}
	_, err := out.Write(append(head, payload...))
	return err
}

func masking(payload, key []byte) []byte {
	out := make([]byte, len(payload))
	for i := range payload {
		out[i] = payload[i] ^ key[i%4]
	}
	return out
}

// readFrame reads one frame; masked says whether the sender has to mask.
func readFrame(in *bufio.Reader, masked bool) (byte, []byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	if head[0]&0x80 == 0 || head[0]&0x70 != 0 {
		return 0, nil, fmt.Errorf("frame %#x is fragmented or of an extension", head[0])
	}
	if (head[1]&0x80 != 0) != masked {
		return 0, nil, errors.New("the frame is masked where it must not be, or the other way round")
	}
	length, err := readLength(in, head[1]&0x7f)
	if err != nil {
		return 0, nil, err
	}
	var key [4]byte
	if masked {
		if _, err := io.ReadFull(in, key[:]); err != nil {
			return 0, nil, err
		}
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(in, payload); err != nil {
		return 0, nil, err
	}
	if masked {
		payload = masking(payload, key[:])
	}
	return head[0] & 0x0f, payload, nil
}

func readLength(in io.Reader, short byte) (uint64, error) {
	length := uint64(short)
	if short >= 126 {
		extended := make([]byte, 2)
		if short == 127 {
			extended = make([]byte, 8)
		}
		if _, err := io.ReadFull(in, extended); err != nil {
			return 0, err
		}
		length = 0
		for _, one := range extended {
			length = length<<8 | uint64(one)
		}
	}
	if length > maxMessage {
		return 0, ErrTooLong
	}
	return length, nil
}
