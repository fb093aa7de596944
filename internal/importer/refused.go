package importer

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"hash"
	"os"
	"strconv"

	"clientele"
)

// refusals is the file of refused rows: the rows as they were, with their line and the reason before them. It can be mended
// and imported like any other: the two columns are not read. It holds personal data, so only its owner may read it.
type refusals struct {
	path   string
	form   *input
	signer signer
	// pending are rows that are not in the file yet, and out writes them down.
	pending bytes.Buffer
	out     *csv.Writer
	// fields takes apart a row that is to be written.
	fields *csvFields

	file   *os.File // nil until there is one
	kept   mark     // what is on the disk
	sum    hash.Hash
	failed error
}

func newRefusals(path string, form *input, s signer) *refusals {
	f := &refusals{path: path, form: form, signer: s, sum: sha256.New()}
	if form.format == CSV {
		f.fields, f.out = newCSVFields(form.splitter.comma), csv.NewWriter(&f.pending)
		f.out.Comma = rune(form.splitter.comma)
	}
	return f
}

// add appends a row.
func (f *refusals) add(r *row, raw []byte) error {
	if f.kept.Bytes == 0 && f.pending.Len() == 0 && f.form.format == CSV {
		if err := f.writeCSV(columnRefusedLine, columnRefusedReason, f.form.header.names); err != nil {
			return err
		}
	}
	line := strconv.FormatInt(r.line, 10)
	if f.form.format == NDJSON {
		f.writeJSON(line, r.reason, raw)
		return nil
	}
	var values []string
	if len(raw) > 0 {
		values, _ = f.fields.of(raw, true) // as many as there are
	}
	return f.writeCSV(line, r.reason, values)
}

func (f *refusals) writeCSV(line, reason string, values []string) error {
	columns := append(make([]string, 0, len(values)+2), line, reason)
	for i, v := range values {
		if i >= len(f.form.header.columns) || f.form.header.columns[i] != refused {
			columns = append(columns, v)
		}
	}
	err := f.out.Write(columns)
	if f.out.Flush(); err != nil {
		return fmt.Errorf("file of refused rows: %w", err)
	}
	return nil
}

// writeJSON puts the two members first in the object, as it stands. What does not look like an object becomes a text beside
// them, in a member that is not known: it has to be mended.
func (f *refusals) writeJSON(line, reason string, raw []byte) {
	b := clientele.AppendQuoted([]byte(`{"`+columnRefusedLine+`":`+line+`,"`+columnRefusedReason+`":`), reason)
	raw = bytes.TrimSpace(raw)
	members, isObject := bytes.CutPrefix(raw, []byte("{"))
	members = withoutRefused(bytes.TrimLeft(members, " \t"))
	switch {
	case len(raw) == 0:
		b = append(b, '}')
	case !isObject:
		b = append(clientele.AppendQuoted(append(b, `,"refused_row":`...), string(raw)), '}')
	case bytes.HasPrefix(members, []byte("}")):
		b = append(b, members...)
	default:
		b = append(append(b, ','), members...)
	}
	f.pending.Write(append(b, '\n'))
}

// withoutRefused takes off what writeJSON puts first, from a row that is refused once more.
func withoutRefused(members []byte) []byte {
	rest, found := bytes.CutPrefix(members, []byte(`"`+columnRefusedLine+`":`))
	rest = bytes.TrimLeft(rest, "0123456789")
	rest, found2 := bytes.CutPrefix(rest, []byte(`,"`+columnRefusedReason+`":"`))
	if !found || !found2 {
		return members
	}
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			rest = bytes.TrimLeft(rest[i+1:], " \t")
			return bytes.TrimLeft(bytes.TrimPrefix(rest, []byte(",")), " \t")
		}
	}
	return members
}
