package console

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// csvRows writes CSV as RFC 4180 has it, in UTF-8. Unlike encoding/csv it quotes what another separator would divide: many a
// spreadsheet takes ; or tab for one, by its language or by what it finds in the file.
type csvRows struct {
	out  io.Writer
	line []byte
}

func newCSVRows(w io.Writer) *csvRows { return &csvRows{out: w} }

func (c *csvRows) head(names []string) error {
	cells := make([]any, len(names))
	for i, name := range names {
		cells[i] = name
	}
	return c.row(nil, cells)
}

func (c *csvRows) row(_ []string, values []any) error {
	c.line = c.line[:0]
	for i, v := range values {
		if i > 0 {
			c.line = append(c.line, ',')
		}
		c.line = appendCell(c.line, csvCell(v))
	}
	c.line = append(c.line, "\r\n"...)
	_, err := c.out.Write(c.line)
	return err
}

func (c *csvRows) flush() error { return nil }

func appendCell(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ",;\"\t\r\n") && !strings.HasPrefix(s, " ") && !strings.HasPrefix(s, "' ") {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

func csvCell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return harmless(v)
	case clientele.Text:
		return harmless(v.V)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return exportedTime(v)
	case jsontext.Value:
		return harmless(strings.ReplaceAll(string(v), ";", `\u003b`)) // the same value, and nothing that separates
	default:
		panic(fmt.Sprintf("console: a %T cannot be exported", v))
	}
}

// harmless puts a ' before a text that a spreadsheet would take for a formula: a partner's text must not run on the computer
// of who opens the file. A cell also begins within the text, behind a ; where that separates cells, a tab or a line break;
// quotes do not help there, since they count at the beginning of a cell only. The ' also goes before phone numbers with a +,
// which a spreadsheet would calculate.
func harmless(s string) string {
	var b []byte
	done, cell := 0, 0 // what is in b; where the cell begins, -1 beyond its first character
	for i, r := range s {
		switch r {
		case ';', '\t', '\r', '\n':
			if i == 0 && r != ';' {
				b = append(b, '\'')
			}
			cell = i + 1
		case ' ', '\u00a0', '"': // spreadsheets pass over them
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			if cell >= 0 {
				b = append(append(b, s[done:cell]...), '\'')
				done, cell = cell, -1
			}
		default:
			cell = -1
		}
	}
	if b == nil {
		return s
	}
	return string(append(b, s[done:]...))
}
