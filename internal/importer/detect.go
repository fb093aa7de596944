package importer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"clientele"
)

// Format is how a file is written.
type Format string

// The formats. The zero value is detected: by the file's extension, else by what it begins with.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
)

// headBytes is how much of a file is looked at before its first row.
const headBytes = maxRowBytes

// input is the beginning of a file, understood.
type input struct {
	splitter splitter
	format   Format
	names    *names
	header   header // of CSV
}

// openInput understands how the file is written and reads its header, if it has one.
func openInput(in io.Reader, o *Options) (*input, error) {
	n, err := newNames(o.Columns, o)
	if err != nil {
		return nil, err
	}
	i := &input{splitter: splitter{in: bufio.NewReaderSize(in, headBytes), at: position{Line: 1}, sum: sha256.New()}, names: n, format: o.Format}
	if err := i.readHead(o.Name); err != nil {
		return nil, err
	}
	if i.format == CSV {
		return i, i.readHeader(o.Delimiter)
	}
	return i, nil
}

// readHead skips the byte order mark and finds the format.
func (i *input) readHead(name string) error {
	head, err := i.splitter.in.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := checkEncoding(head); err != nil {
		return err
	}
	if mark := "\xef\xbb\xbf"; bytes.HasPrefix(head, []byte(mark)) {
		n, _ := i.splitter.in.Discard(len(mark)) // they are in the buffer
		i.splitter.sum.Write(head[:n])
		i.splitter.at.Offset, head = int64(n), head[n:]
	}
	first := bytes.TrimLeft(head, " \t\r\n")
	switch extension := strings.ToLower(filepath.Ext(name)); {
	case i.format != "":
	case slices.Contains([]string{".csv", ".tsv", ".txt"}, extension):
		i.format = CSV
	case slices.Contains([]string{".ndjson", ".jsonl", ".json"}, extension), bytes.HasPrefix(first, []byte("{")):
		i.format = NDJSON
	default:
		i.format = CSV
	}
	if i.format == NDJSON && bytes.HasPrefix(first, []byte("[")) {
		return conflict("the file is one JSON array: make it one object a line, for example with jq -c '.[]'")
	}
	return nil
}

// checkEncoding refuses what is no text in UTF-8 from its beginning on.
func checkEncoding(head []byte) error {
	begins := func(marks ...string) bool {
		return slices.ContainsFunc(marks, func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) })
	}
	switch {
	case begins("\x1f\x8b", "PK\x03\x04", "\x28\xb5\x2f\xfd", "BZh", "\xfd7zXZ"):
		return conflict("the file is compressed, or a spreadsheet: unpack it, or save it as CSV in UTF-8")
	case begins("\xff\xfe", "\xfe\xff"), bytes.IndexByte(head[:min(len(head), 1024)], 0) >= 0:
		return conflict("the file is not UTF-8 but looks like UTF-16: convert it, for example with iconv -f UTF-16 -t UTF-8")
	}
	return nil
}

func conflict(format string, args ...any) error {
	return clientele.Errorf(clientele.KindConflict, format, args...)
}

// readHeader reads the first row of CSV, with a delimiter that is given, or found when it is 0.
func (i *input) readHeader(comma byte) error {
	i.splitter.comma = comma
	if comma == 0 {
		i.splitter.comma = ',' // where a quote opens matters little in a header
	}
	raw, r, err := i.splitter.next(nil)
	if errors.Is(err, io.EOF) {
		return conflict("the file is empty: it begins with a header, the names of the columns")
	}
	if err != nil {
		return err
	}
	if r.reason != "" {
		return conflict("the first line, the header: %s", r.reason)
	}
	if i.header, i.splitter.comma, err = readHeader(raw, comma, i.names); err != nil {
		if clientele.KindOf(err) == clientele.KindConflict {
			return err
		}
		return conflict("%s", err.Error())
	}
	return nil
}

// decoder returns a decoder for one goroutine.
func (i *input) decoder() decoder {
	if i.format == NDJSON {
		return newJSONDecoder(i.names)
	}
	return &csvDecoder{fields: newCSVFields(i.splitter.comma), columns: i.header.columns}
}

// goOn continues at a place where an earlier run was; sum is of all before it.
func (i *input) goOn(in io.ReadSeeker, at position, sum hash.Hash) error {
	if _, err := in.Seek(at.Offset, io.SeekStart); err != nil {
		return fmt.Errorf("go on at byte %d: %w", at.Offset, err)
	}
	i.splitter.in.Reset(in)
	i.splitter.at, i.splitter.sum = at, sum
	return nil
}
