package dkhardware

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"time"

	"clientele"
)

// A cursor is a position in one project's list in one order: version, order, date in microseconds, customer id, and the
// beginning of a hash of these and the project. The hash is no secret, and nothing depends on it but that a cursor which was
// damaged, or belongs to another list, is refused rather than followed: where a cursor leads is bound to the project of the
// credential anyway.
const (
	cursorVersion  = 1
	cursorSumBytes = 8
	cursorBytes    = 2 + 8 + 8 + cursorSumBytes
)

// The bits of a cursor's order.
const (
	cursorNewest    = 1
	cursorByCreated = 2
)

// writeCursor returns the cursor of what is behind p in the list of q.
func writeCursor(q *clientele.CustomerQuery, p clientele.Position) string {
	b := appendPosition(make([]byte, 0, cursorBytes), q, p)
	return base64.RawURLEncoding.EncodeToString(append(b, cursorSum(q, b)...))
}

func appendPosition(b []byte, q *clientele.CustomerQuery, p clientele.Position) []byte {
	var order byte
	if q.Newest {
		order |= cursorNewest
	}
	if q.ByCreated {
		order |= cursorByCreated
	}
	b = append(b, cursorVersion, order)
	b = binary.BigEndian.AppendUint64(b, uint64(p.At.UnixMicro()))
	return binary.BigEndian.AppendUint64(b, uint64(p.ID))
}

func cursorSum(q *clientele.CustomerQuery, position []byte) []byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(q.ProjectID)))
	h.Write(position)
	return h.Sum(nil)[:cursorSumBytes]
}

// readCursor returns the position of a cursor of the list of q; nil when it is none.
func readCursor(text string, q *clientele.CustomerQuery) *clientele.Position {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != cursorBytes {
		return nil
	}
	p := clientele.Position{
		At: time.UnixMicro(int64(binary.BigEndian.Uint64(b[2:]))).UTC(), ID: int64(binary.BigEndian.Uint64(b[10:])),
	}
	if writeCursor(q, p) != text { // compared as text: the decoder passes over line breaks
		return nil
	}
	return &p
}

// nextLink returns the Link header (RFC 8288) to what is behind p. It is relative to the host: which name and scheme the
// caller used in front of a proxy is not known here.
func (p parameters) nextLink(q *clientele.CustomerQuery, last clientele.Position) string {
	query := url.Values{}
	for _, name := range []string{"from", "to", "newest", "limit", "basedOnCreatedDate"} {
		for _, value := range p[name] { // at most one
			query.Set(name, value)
		}
	}
	query.Set("cursor", writeCursor(q, last))
	return "</v1/customer?" + query.Encode() + `>; rel="next"`
}
