package importer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"clientele"

	"golang.org/x/sys/unix"
)

// refusals is the file of refused rows: the rows as they were, with their line and the reason before them. It can be mended
// and imported like any other: the two columns are not read. It holds personal data, so only its owner may read it.
type refusals struct {
	path string
	form *input
	file *os.File // nil until a row is refused
	out  *bufio.Writer
	csv  *csv.Writer
	// fields takes apart a row that is to be written.
	fields *csvFields
	size   int64 // bytes that are on the disk
}

func newRefusals(path string, form *input) *refusals {
	f := &refusals{path: path, form: form}
	if form.format == CSV {
		f.fields = newCSVFields(form.splitter.comma)
	}
	return f
}

// begin does away with the file of an earlier run, and with nothing else that has its name.
func (f *refusals) begin() error {
	info, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		return conflict("%s is no file: name one for refused rows with --refused", f.path)
	case err == nil:
		err = os.Remove(f.path)
	}
	if err != nil {
		return fmt.Errorf("file of refused rows: %w", err)
	}
	return nil
}

// goOn continues the file of the run that was interrupted, as it was when the run noted how far it was.
func (f *refusals) goOn(size int64) error {
	if size == 0 {
		return f.begin()
	}
	file, err := os.OpenFile(f.path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("file of refused rows: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.Size() < size {
		err = conflict("%s is shorter than the interrupted run left it: give --restart to begin again", f.path)
	}
	if err == nil {
		err = errors.Join(file.Truncate(size), file.Chmod(0o600))
	}
	if err == nil {
		_, err = file.Seek(size, io.SeekStart)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("file of refused rows: %w", err), file.Close())
	}
	f.use(file, size)
	return nil
}

func (f *refusals) use(file *os.File, size int64) {
	f.file, f.size, f.out = file, size, bufio.NewWriter(file)
	f.csv = csv.NewWriter(f.out)
	f.csv.Comma = rune(f.form.splitter.comma)
}

// create makes the file. Nobody else can have put it there, or a link in its place.
func (f *refusals) create() error {
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("file of refused rows: %w", err)
	}
	f.use(file, 0)
	if f.form.format == NDJSON {
		return nil
	}
	return f.writeCSV(columnRefusedLine, columnRefusedReason, f.form.header.names)
}

// add appends a row.
func (f *refusals) add(r *row, raw []byte) error {
	if f.file == nil {
		if err := f.create(); err != nil {
			return err
		}
	}
	line := strconv.FormatInt(r.line, 10)
	if f.form.format == NDJSON {
		return f.writeJSON(line, r.reason, raw)
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
	if err := f.csv.Write(columns); err != nil {
		return fmt.Errorf("file of refused rows: %w", err)
	}
	return nil
}

// writeJSON puts the two members first in the object, as it stands. What does not look like an object becomes a text beside
// them, in a member that is not known: it has to be mended.
func (f *refusals) writeJSON(line, reason string, raw []byte) error {
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
	if _, err := f.out.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("file of refused rows: %w", err)
	}
	return nil
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

// keep makes durable what was added.
func (f *refusals) keep() error {
	if f.file == nil {
		return nil
	}
	f.csv.Flush()
	err := errors.Join(f.csv.Error(), f.out.Flush(), f.file.Sync())
	if err == nil {
		f.size, err = f.file.Seek(0, io.SeekCurrent)
	}
	if err != nil {
		return fmt.Errorf("file of refused rows: %w", err)
	}
	return nil
}

func (f *refusals) close() error {
	if f.file == nil {
		return nil
	}
	return errors.Join(f.keep(), f.file.Close())
}
