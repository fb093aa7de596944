package pgtest

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Messages are those that a client of PostgreSQL sends, for a test that stands in between. It understands as much of the
// protocol as it takes to see a statement go by.
type Messages struct {
	r          io.Reader
	begun      bool
	statements map[string]string // prepared, by name
}

// NewMessages returns the messages of a client from its first on.
func NewMessages(client io.Reader) *Messages {
	return &Messages{r: client, statements: map[string]string{}}
}

// Next returns the next message as it came, and the statement that the client has run with it; "" for none.
func (m *Messages) Next() (message []byte, statement string, err error) {
	if !m.begun {
		m.begun = true
		message, err = readMessage(m.r, 0) // the first one has no type
		return message, "", err
	}
	if message, err = ReadMessage(m.r); err != nil {
		return message, "", err
	}
	body := message[5:]
	switch message[0] {
	case 'Q':
		statement = cString(body)
	case 'P': // Parse: name, text
		name := cString(body)
		m.statements[name] = cString(body[len(name)+1:])
	case 'B': // Bind: portal, name
		statement = m.statements[cString(body[len(cString(body))+1:])]
	}
	return message, statement, nil
}

// ReadMessage reads one message of the server, whose first byte is its type.
func ReadMessage(r io.Reader) ([]byte, error) { return readMessage(r, 1) }

// readMessage reads a message with a type of so many bytes, behind which its length is.
func readMessage(r io.Reader, typeBytes int) ([]byte, error) {
	head := make([]byte, typeBytes+4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[typeBytes:])-4)
	_, err := io.ReadFull(r, body)
	return append(head, body...), err
}

func cString(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}
