package sqlite

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// packed is a row that SQLite packed into one JSON array of texts, whole numbers and nulls (json_array). Where many rows of
// many columns are read, this costs a third of reading them column by column: the driver locks three times for each value,
// and database/sql boxes and converts it. The texts of a row share its memory.
type packed struct {
	row     string
	at      int
	escaped bool // some text has a backslash in it
	err     error
}

func unpack(row string) packed {
	return packed{row: row, escaped: strings.IndexByte(row, '\\') >= 0}
}

// next goes to the next value, behind a bracket or a comma, and reports whether there is one that is not null.
func (p *packed) next() bool {
	p.at++
	rest := p.row[min(p.at, len(p.row)):]
	switch {
	case rest == "" || p.err != nil:
		p.fail()
		return false
	case rest[0] == 'n':
		p.at += len("null")
		return false
	}
	return true
}

func (p *packed) fail() {
	if p.err == nil {
		p.err = fmt.Errorf("row ends or is not as expected at byte %d of %d", p.at, len(p.row))
	}
}

func (p *packed) text(t *clientele.Text) {
	*t = clientele.Text{}
	if p.next() {
		*t = clientele.Some(p.string())
	}
}

// known reads a text of a column that has one in each row; "" for null.
func (p *packed) known() string {
	if !p.next() {
		return ""
	}
	return p.string()
}

// string reads a text, which p stands before.
func (p *packed) string() string {
	rest := p.row[p.at:]
	end := strings.IndexByte(rest[1:], '"') + 1
	if rest[0] != '"' || end == 0 {
		p.fail()
		return ""
	}
	if !p.escaped || strings.IndexByte(rest[:end], '\\') < 0 {
		p.at += end + 1
		return rest[1:end]
	}
	for end = 1; end < len(rest) && rest[end] != '"'; end++ {
		if rest[end] == '\\' {
			end++
		}
	}
	if end >= len(rest) {
		p.fail()
		return ""
	}
	p.at += end + 1
	text, _ := jsontext.AppendUnquote(nil, rest[:end+1]) // what is not UTF-8, which the book has not, would become U+FFFD
	return string(text)
}

// number reads a whole number; 0 for null.
func (p *packed) number() int64 {
	if !p.next() {
		return 0
	}
	start := p.at
	for p.at < len(p.row) && p.row[p.at] != ',' && p.row[p.at] != ']' {
		p.at++
	}
	n, err := strconv.ParseInt(p.row[start:p.at], 10, 64)
	if err != nil {
		p.fail()
	}
	return n
}

// instant reads a time; the zero time for null.
func (p *packed) instant() time.Time {
	if p.next() {
		p.at--
		return time.UnixMicro(p.number()).UTC()
	}
	return time.Time{}
}

// end returns what was wrong with the row; nil when it was read to its end.
func (p *packed) end() error {
	if p.err == nil && (p.at != len(p.row)-1 || p.row[p.at] != ']') {
		p.fail()
	}
	return p.err
}
