package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
)

// maxRowBytes bounds a row, as the partner APIs bound a body.
const maxRowBytes = 64 << 10

// position is a place between two rows of the input.
type position struct {
	// Offset is in bytes.
	Offset int64 `json:"offset"`
	// Line is the number of the line that begins there, from 1.
	Line int64 `json:"line"`
}

// row is a row of the input as it stands there.
type row struct {
	line       int64
	start, end int // in the chunk's data
	// reason says why the row is refused; "" while nothing speaks against it.
	reason string
}

// Why a row is refused before it is looked into. Of one that is too long nothing is kept.
const (
	reasonTooLong = "the row is longer than 64 KiB; it is not repeated here"
	// With the line of the quote, that of its end, and how many lines there are.
	reasonTooManyLines = "a quote that opens in line %d is closed in line %d: %d lines were read as one row, which is longer than 64 KiB; they are not repeated here"

	reasonUnclosed = "a quote that opens in this row is closed nowhere: all that follows was read as part of it"
)

// splitter cuts the input into rows. It keeps no more than one row in memory.
type splitter struct {
	in    *bufio.Reader
	comma byte // of CSV; 0 for NDJSON, in which a line is a row whatever stands in it
	at    position
	sum   hash.Hash // of all before at
}

// next appends the next row to data. At the end of the input the error is io.EOF.
func (s *splitter) next(data []byte) ([]byte, row, error) {
	for {
		start := len(data)
		var r row
		var err error
		if data, r, err = s.any(data); err != nil {
			return data[:start], r, err
		}
		if r.reason != "" || !s.isBlank(data[start:]) {
			return data, r, nil
		}
		data = data[:start]
	}
}

// isBlank reports whether a row is an empty line, which is none.
func (s *splitter) isBlank(row []byte) bool {
	if s.comma == 0 {
		return len(bytes.TrimSpace(row)) == 0
	}
	return len(bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))) == 0
}

func (s *splitter) any(data []byte) ([]byte, row, error) {
	r := row{line: s.at.Line, start: len(data)}
	quotes := quotes{comma: s.comma}
	size := 0
	for {
		piece, err := s.in.ReadSlice('\n')
		s.at.Offset += int64(len(piece))
		s.sum.Write(piece)
		if size += len(piece); size <= maxRowBytes {
			data = append(data, piece...)
		} else {
			data, r.reason = data[:r.start], reasonTooLong
		}
		quotes.pass(piece)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && size == 0:
			return data, r, io.EOF
		case errors.Is(err, io.EOF) && quotes.open():
			r.reason = reasonUnclosed
		case err == nil:
			quotes.endLine(s.at.Line)
			s.at.Line++
			if quotes.open() {
				continue
			}
		case !errors.Is(err, io.EOF):
			return data, r, err
		}
		if r.reason == reasonTooLong && quotes.openedIn > 0 {
			last := s.at.Line
			if err == nil {
				last--
			}
			r.reason = fmt.Sprintf(reasonTooManyLines, quotes.openedIn, last, last-r.line+1)
		}
		r.end = len(data)
		return data, r, nil
	}
}

// quotes follows the quotes of CSV (RFC 4180 section 2, as encoding/csv reads it): a quote opens a value only at its
// beginning; a line break inside is part of the value.
type quotes struct {
	comma byte
	state quoteState
	// opened says that a quote has opened a value in this line, and openedIn is the line of the last that was open at its end; 0 for none.
	opened   bool
	openedIn int64
}

type quoteState uint8

const (
	atStart quoteState = iota // of a value
	inPlain
	inQuoted
	atQuote // behind a quote inside a quoted value: its end, unless another one follows
)

func (q *quotes) open() bool { return q.state == inQuoted }

// endLine takes note of where the quote opened that is open at the end of a line.
func (q *quotes) endLine(line int64) {
	if q.opened && q.open() {
		q.openedIn = line
	}
	q.opened = false
}

// pass goes over the next bytes.
func (q *quotes) pass(b []byte) {
	if q.comma == 0 || bytes.IndexByte(b, '"') < 0 && q.passWithout(b) {
		return
	}
	for _, c := range b {
		switch {
		case q.state == inQuoted:
			if c == '"' {
				q.state = atQuote
			}
		case c == q.comma || c == '\n':
			q.state = atStart
		case c == '"' && (q.state == atStart || q.state == atQuote):
			q.opened = q.opened || q.state == atStart
			q.state = inQuoted
		default:
			q.state = inPlain
		}
	}
}

// passWithout goes over bytes that have no quote among them, where that is simple.
func (q *quotes) passWithout(b []byte) bool {
	switch {
	case q.state == inQuoted:
		return true
	case len(b) > 0 && b[len(b)-1] == '\n':
		q.state = atStart
		return true
	}
	return false
}
