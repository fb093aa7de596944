package importer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"clientele"
)

// Why a row is refused that cannot be read.
const (
	reasonEncoding = "the row is not UTF-8: convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8"
	reasonQuotes   = "the quotes are out of order: a value with a quote in it stands in quotes, and each quote inside is written twice"
)

// decoder reads rows. One serves one goroutine.
type decoder interface {
	// decode reads a row; the reason says why it cannot.
	decode(raw []byte, r *record) (reason string)
}

// csvDecoder reads rows of CSV.
type csvDecoder struct {
	fields  *csvFields
	columns []target
}

// csvFields takes rows of CSV apart, one by one, with one reader for all of them.
type csvFields struct {
	source bytes.Reader
	buffer *bufio.Reader
	reader *csv.Reader
}

func newCSVFields(comma byte) *csvFields {
	f := &csvFields{}
	f.buffer = bufio.NewReaderSize(&f.source, 8<<10) // what csv.NewReader finds large enough it takes as it is
	f.reader = csv.NewReader(f.buffer)
	f.reader.Comma, f.reader.FieldsPerRecord, f.reader.ReuseRecord = rune(comma), -1, true
	return f
}

// of returns the values of a row, good until the next call. Whoever is lazy gets them even where quotes are out of order.
func (f *csvFields) of(raw []byte, lazy bool) ([]string, error) {
	f.source.Reset(raw)
	f.buffer.Reset(&f.source)
	f.reader.LazyQuotes = lazy
	fields, err := f.reader.Read()
	if err == nil && f.buffer.Buffered()+f.source.Len() > 0 {
		return fields, csv.ErrQuote
	}
	return fields, err
}

func (d *csvDecoder) decode(raw []byte, r *record) (reason string) {
	if !utf8.Valid(raw) {
		return reasonEncoding
	}
	fields, err := d.fields.of(raw, false)
	switch {
	case err != nil:
		return reasonQuotes
	case len(fields) != len(d.columns):
		return fmt.Sprintf("the row has %d values and the header %d", len(fields), len(d.columns))
	}
	for i, value := range fields {
		if reason := r.put(d.columns[i], value); reason != "" {
			return reason
		}
	}
	return ""
}

// header is the first row of a CSV file.
type header struct {
	names   []string
	columns []target
}

// commas are the delimiters that are looked for, the likeliest first.
const commas = ",;\t|"

// readHeader understands the first row. comma is the delimiter, or 0 when it is to be found.
func readHeader(raw []byte, comma byte, n *names) (header, byte, error) {
	if !utf8.Valid(raw) {
		return header{}, 0, notUTF8
	}
	if comma != 0 {
		h, err := parseHeader(raw, comma, n)
		return h, comma, err
	}
	var best header
	var bestErr error
	most := -1
	for _, c := range []byte(commas) {
		h, err := parseHeader(raw, c, n)
		if known := h.known(); known > most {
			best, bestErr, comma, most = h, err, c, known
		}
	}
	return best, comma, bestErr
}

// known returns how many columns are known.
func (h *header) known() (count int) {
	for _, t := range h.columns {
		if t != notRead {
			count++
		}
	}
	return count
}

func parseHeader(raw []byte, comma byte, n *names) (h header, err error) {
	fields, err := newCSVFields(comma).of(raw, false)
	if err != nil {
		return h, errors.New("the quotes in the first line, the header, are out of order")
	}
	var unknown, twice []string
	seen := map[target]bool{}
	for _, name := range fields {
		t, ok := n.find(name)
		if !ok {
			unknown = append(unknown, fmt.Sprintf("%.40q", name))
		}
		if t >= 0 && seen[t] {
			twice = append(twice, t.column().name)
		}
		seen[t] = true
		h.names, h.columns = append(h.names, strings.Clone(name)), append(h.columns, t)
	}
	switch {
	case h.known() == 0: // somebody's first row would be quoted
		return h, errors.New("the first line is no header: it names no column that is known; see clientele import --help")
	case len(unknown) > 0 && h.known() == 1:
		return h, fmt.Errorf("%d columns of the header are not known; see clientele import --help, --column and --ignore-unknown", len(unknown))
	case len(unknown) > 0:
		return h, fmt.Errorf("columns of the header that are not known: %s; see clientele import --help, --column and --ignore-unknown", strings.Join(unknown, ", "))
	case len(twice) > 0:
		return h, fmt.Errorf("columns that the header names twice: %s", strings.Join(twice, ", "))
	}
	return h, nil
}

// notUTF8 says what to do about another encoding.
var notUTF8 = clientele.Errorf(clientele.KindConflict,
	"the file is not UTF-8: convert it, for example with iconv -f WINDOWS-1252 -t UTF-8, or save it as UTF-8")
