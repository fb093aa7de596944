package postgres

import (
	"encoding/binary"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5/pgtype"
)

// What a batch writes goes to the server as arrays, one for each column, and in their binary form: the driver's own way there
// asks for each element, boxed, and for a plan of how to encode it, which is more work than all else that a commit does here.

// texts is a column of texts on its way to the server; a missing one is NULL.
type texts []*clientele.Text

// Dimensions implements pgtype.ArrayGetter, for connections on which nothing is prepared.
func (c texts) Dimensions() []pgtype.ArrayDimension {
	return []pgtype.ArrayDimension{{Length: int32(len(c)), LowerBound: 1}}
}

// Index implements pgtype.ArrayGetter.
func (c texts) Index(i int) any { return (*text)(c[i]) }

// IndexType implements pgtype.ArrayGetter.
func (c texts) IndexType() any { return (*text)(nil) }

// arrayCodec encodes the slices that batches are made of in one go, and leaves everything else to the driver's codec.
type arrayCodec struct{ *pgtype.ArrayCodec }

// PlanEncode implements pgtype.Codec.
func (c arrayCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if format == pgtype.BinaryFormatCode {
		switch element := c.ElementType.OID; {
		case isA[texts](value) && element == pgtype.TextOID:
			return encodeTexts{}
		case isA[[]string](value) && (element == pgtype.TextOID || element == pgtype.JSONOID):
			return encodeStrings{element}
		case isA[[]int64](value) && element == pgtype.Int8OID:
			return encodeNumbers{}
		case isA[[]time.Time](value) && element == pgtype.TimestamptzOID:
			return encodeTimes{}
		}
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, value)
}

func isA[T any](value any) bool {
	_, ok := value.(T)
	return ok
}

// registerArrays makes the driver encode the arrays of batches as arrayCodec does.
func registerArrays(m *pgtype.Map) {
	for _, oid := range []uint32{pgtype.TextArrayOID, pgtype.JSONArrayOID, pgtype.Int8ArrayOID, pgtype.TimestamptzArrayOID} {
		if t, ok := m.TypeForOID(oid); ok {
			if codec, ok := t.Codec.(*pgtype.ArrayCodec); ok {
				m.RegisterType(&pgtype.Type{Name: t.Name, OID: t.OID, Codec: arrayCodec{codec}})
			}
		}
	}
}

type (
	encodeTexts   struct{}
	encodeStrings struct{ element uint32 }
	encodeNumbers struct{}
	encodeTimes   struct{}
)

// Encode implements pgtype.EncodePlan.
func (encodeTexts) Encode(value any, b []byte) ([]byte, error) {
	list := value.(texts)
	b = appendArrayHead(b, len(list), pgtype.TextOID)
	for _, t := range list {
		b = appendText(b, t)
	}
	return b, nil
}

// Encode implements pgtype.EncodePlan; a missing slice is NULL, as with the driver.
func (e encodeStrings) Encode(value any, b []byte) ([]byte, error) {
	list := value.([]string)
	if list == nil {
		return nil, nil
	}
	b = appendArrayHead(b, len(list), e.element)
	for _, s := range list {
		b = appendString(b, s)
	}
	return b, nil
}

// Encode implements pgtype.EncodePlan; a missing slice is NULL, as with the driver.
func (encodeNumbers) Encode(value any, b []byte) ([]byte, error) {
	list := value.([]int64)
	if list == nil {
		return nil, nil
	}
	b = appendArrayHead(b, len(list), pgtype.Int8OID)
	for _, n := range list {
		b = appendNumber(b, n)
	}
	return b, nil
}

// Encode implements pgtype.EncodePlan; a missing slice is NULL, as with the driver.
func (encodeTimes) Encode(value any, b []byte) ([]byte, error) {
	list := value.([]time.Time)
	if list == nil {
		return nil, nil
	}
	b = appendArrayHead(b, len(list), pgtype.TimestamptzOID)
	for _, t := range list {
		b = appendTime(b, t)
	}
	return b, nil
}

// appendArrayHead appends what stands before the elements of an array of one dimension (PostgreSQL's array_recv): dimensions,
// whether there may be a NULL, the type of the elements, how many, and the number of the first.
func appendArrayHead(b []byte, length int, element uint32) []byte {
	if length == 0 {
		return binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 0, 0, 0, 0, 0), element)
	}
	b = binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 1, 0, 0, 0, 1), element)
	b = binary.BigEndian.AppendUint32(b, uint32(length))
	return append(b, 0, 0, 0, 1)
}

// The values below have their length before them, in arrays as in rows of COPY.

func appendNull(b []byte) []byte { return append(b, 0xff, 0xff, 0xff, 0xff) }

func appendText(b []byte, t *clientele.Text) []byte {
	if !t.Valid {
		return appendNull(b)
	}
	return appendString(b, t.V)
}

func appendString[T string | []byte](b []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

func appendNumber(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 8), uint64(n))
}

// microsecondsTo2000 is when PostgreSQL's times begin.
const microsecondsTo2000 = 946_684_800_000_000

func appendTime(b []byte, t time.Time) []byte {
	return appendNumber(b, t.UnixMicro()-microsecondsTo2000)
}
