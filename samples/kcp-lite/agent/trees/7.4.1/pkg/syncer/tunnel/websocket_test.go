package tunnel

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/upstream"
)

func TestFramesOfEveryLength(t *testing.T) {
	for _, masked := range []bool{true, false} {
		for _, length := range []int{0, 1, 125, 126, 65535, 65536, maxMessage} {
			var wire bytes.Buffer
			payload := bytes.Repeat([]byte("x"), length)
			if err := writeFrame(&wire, opText, payload, masked); err != nil {
				t.Fatal(err)
			}
			opcode, got, err := readFrame(bufio.NewReader(&wire), masked)
			if opcode != opText || !bytes.Equal(got, payload) || err != nil {
				t.Errorf("%d bytes, masked %v: %d bytes, %v", length, masked, len(got), err)
			}
		}
	}
}

func TestBadFramesAreRefused(t *testing.T) {
	for name, frame := range map[string][]byte{
		"fragmented": {0x01, 0x80, 0, 0, 0, 0},
		"extension":  {0xC1, 0x80, 0, 0, 0, 0},
		"not masked": {0x81, 0x01, 'x'},
		"cut off":    {0x81, 0x85, 0, 0, 0, 0, 'x'},
	} {
		if _, _, err := readFrame(bufio.NewReader(bytes.NewReader(frame)), true); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	huge := []byte{0x81, 0xFF, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if _, _, err := readFrame(bufio.NewReader(bytes.NewReader(huge)), true); !errors.Is(err, ErrTooLong) {
		t.Errorf("%v", err)
	}
	if got := accept("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" { // the example of RFC 6455
		t.Error(got)
	}
}

// The tunnel comes back after every break, and what comes through reaches the status syncer.
func TestManagerComesBack(t *testing.T) {
	status := syncer.SyncerObject{Kind: "Deployment", Namespace: "shop", Name: "web", Body: map[string]string{"status.ready": "1"}}
	version := int64(0)
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		socket, err := Upgrade(out, in)
		if err != nil {
			return
		}
		version++
		status.Version = version
		data, _ := json.Marshal(Message{Type: "status", Object: status})
		_ = socket.frame(opPing, []byte("alive?"))
		_ = socket.Send(data)
		_ = socket.Send([]byte(`{"type":"dance"}`))
		socket.Close()
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	statuses := upstream.NewStatusSyncer(nil)
	refused, connections := 0, 0
	manager := &Manager{
		Router:  &Router{Status: statuses},
		Backoff: syncer.SyncerBackoff{FirstMillis: 1, LimitMillis: 2, Tries: 3},
		Dial: func(context.Context) (*Socket, error) {
			conn, err := net.Dial("tcp", host)
			if err != nil {
				return nil, err
			}
			return Dial(conn, host, "/tunnel")
		},
		Connected: func(*Socket) { connections++ },
		Refused: func(err error) {
			if refused++; refused == 3 {
				stop()
			}
		},
	}
	if err := manager.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if kept, known := statuses.Status("Deployment/shop/web"); !known || kept.Version < 3 || connections < 3 {
		t.Errorf("%+v after %d connections", kept, connections)
	}
}

func TestManagerGivesUp(t *testing.T) {
	dialled := 0
	manager := &Manager{Backoff: syncer.SyncerBackoff{FirstMillis: 1, LimitMillis: 2, Tries: 2}, Dial: func(context.Context) (*Socket, error) {
		dialled++
		return nil, errors.New("no route")
	}}
	if err := manager.Run(context.Background()); err == nil || dialled != 3 {
		t.Errorf("%v after %d", err, dialled)
	}
}

func TestPlainRequestsAreNotUpgraded(t *testing.T) {
	recorder := httptest.NewRecorder()
	if _, err := Upgrade(recorder, httptest.NewRequest(http.MethodGet, "/tunnel", nil)); err == nil || recorder.Code != http.StatusBadRequest {
		t.Errorf("%d: %v", recorder.Code, err)
	}
}
