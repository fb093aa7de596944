package importer

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// split returns the rows of a text as it is cut, and where the input ended.
func split(t testing.TB, text string, comma byte) (rows []string, lines []int64, reasons []string, end position) {
	t.Helper()
	// the smallest buffer, and one byte at a time: whatever depends on where a piece ends shows
	s := &splitter{in: bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(text)), 16), comma: comma, at: position{Line: 1}, sum: sha256.New()}
	var data []byte
	for {
		var r row
		var err error
		before := len(data)
		if data, r, err = s.next(data); errors.Is(err, io.EOF) {
			if len(data) != before {
				t.Fatalf("the end of the input left %d bytes behind", len(data)-before)
			}
			return rows, lines, reasons, s.at
		} else if err != nil {
			t.Fatal(err)
		}
		rows, lines, reasons = append(rows, string(data[r.start:r.end])), append(lines, r.line), append(reasons, r.reason)
	}
}

func TestSplitter(t *testing.T) {
	long := strings.Repeat("x", maxRowBytes)
	for _, tt := range []struct {
		name, text string
		comma      byte
		rows       []string
		lines      []int64
		reasons    []string // nil: none has one
	}{
		{"plain", "a,b\nc,d\n", ',', []string{"a,b\n", "c,d\n"}, []int64{1, 2}, nil},
		{"no line break at the end", "a\nb", ',', []string{"a\n", "b"}, []int64{1, 2}, nil},
		{"CRLF and empty lines", "a\r\n\r\n\nb\r\n", ',', []string{"a\r\n", "b\r\n"}, []int64{1, 4}, nil},
		{"a line break in quotes", "a,\"b\nc\",d\ne\n", ',', []string{"a,\"b\nc\",d\n", "e\n"}, []int64{1, 3}, nil},
		{"a written quote", "\"a\"\"\nb\"\nc\n", ',', []string{"\"a\"\"\nb\"\n", "c\n"}, []int64{1, 3}, nil},
		{"a quote inside a value opens nothing", "a,5\" nail\nb,c\n", ',', []string{"a,5\" nail\n", "b,c\n"}, []int64{1, 2}, nil},
		{"another delimiter", "a;\"b\n\";c\nd\n", ';', []string{"a;\"b\n\";c\n", "d\n"}, []int64{1, 3}, nil},
		{"NDJSON knows no quotes", "{\"a\":\"\n  \n{}\n", 0, []string{"{\"a\":\"\n", "{}\n"}, []int64{1, 3}, nil},
		{"the longest", long[1:] + "\nb\n", ',', []string{long[1:] + "\n", "b\n"}, []int64{1, 2}, nil},
		{"too long", "a\n" + long + "\nb\n", ',', []string{"a\n", "", "b\n"}, []int64{1, 2, 3}, []string{"", reasonTooLong, ""}},
		{"too long in quotes", "\"" + long + "\n\"\nb\n", ',', []string{"", "b\n"}, []int64{1, 3}, []string{fmt.Sprintf(reasonTooManyLines, 1, 2, 2), ""}},
		{
			"a stray quote", "a\n\"b\nc\",\"d\n" + strings.Repeat(long[:999]+"\n", 70) + "e\",f\ng\n", ',',
			[]string{"a\n", "", "g\n"},
			[]int64{1, 2, 75},
			[]string{"", fmt.Sprintf(reasonTooManyLines, 3, 74, 73), ""},
		},
		{"too long behind a quote", "\"a\nb\"," + long + "\nc\n", ',', []string{"", "c\n"}, []int64{1, 3}, []string{fmt.Sprintf(reasonTooManyLines, 1, 2, 2), ""}},
		{"a stray quote that ends with the file", "\"b\n" + long + "\n\"c\",d", ',', []string{""}, []int64{1}, []string{fmt.Sprintf(reasonTooManyLines, 1, 3, 3)}},
		{"a quoted value too long", "\"" + long + "\"\nb\n", ',', []string{"", "b\n"}, []int64{1, 2}, []string{reasonTooLong, ""}},
		{"never closed", "a\nb,\"c\nd\n", ',', []string{"a\n", "b,\"c\nd\n"}, []int64{1, 2}, []string{"", reasonUnclosed}},
		{"nothing", "", ',', nil, nil, nil},
		{"empty lines", "\n\r\n", ',', nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, lines, reasons, end := split(t, tt.text, tt.comma)
			if tt.reasons == nil {
				tt.reasons = make([]string, len(tt.rows))
			}
			if diff := cmp.Diff(tt.rows, rows); diff != "" || !slices.Equal(lines, tt.lines) || !slices.Equal(reasons, tt.reasons) {
				t.Errorf("lines %v, want %v; reasons %q, want %q; rows: %s", lines, tt.lines, reasons, tt.reasons, diff)
			}
			if want := (position{int64(len(tt.text)), int64(strings.Count(tt.text, "\n")) + 1}); end != want {
				t.Errorf("ended at %v, want %v", end, want)
			}
		})
	}
}

// FuzzCSV holds that rows are cut and read as encoding/csv reads the whole, where that finds no fault.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"a,b\nc,d\n", "a,\"b\nc\",d\r\n\r\ne", "\"a\"\"\nb\"\nc\n", "a,5\" nail\n", "\"a\"b\n\"c\n", "\"\n", ";\t\"\x00\xff\n", "\"a\r\nb\"\r\n", "\"a\"\r", "00\n\r\r\n",
	} {
		f.Add(text, byte(','))
	}
	f.Add("a;\"b;\n\";c\n", byte(';'))
	f.Fuzz(func(t *testing.T, text string, comma byte) {
		if strings.IndexByte(commas, comma) < 0 || len(text) > maxRowBytes {
			return
		}
		rows, lines, reasons, end := split(t, text, comma)
		if end.Offset != int64(len(text)) || !slices.IsSorted(lines) {
			t.Fatalf("ended at byte %d of %d, lines %v", end.Offset, len(text), lines)
		}
		whole := csv.NewReader(strings.NewReader(text))
		whole.Comma, whole.FieldsPerRecord = rune(comma), -1
		want, err := whole.ReadAll()
		fields := newCSVFields(comma)
		var got [][]string
		for i, raw := range rows {
			if reasons[i] != "" && err == nil {
				t.Fatalf("row %d is refused (%s), and encoding/csv reads all", i, reasons[i])
			}
			if values, rowErr := fields.of([]byte(raw), false); rowErr == nil {
				got = append(got, slices.Clone(values))
			} else if err == nil {
				t.Fatalf("row %d: %v, and encoding/csv reads all", i, rowErr)
			}
			if _, lazyErr := fields.of([]byte(raw), true); lazyErr != nil && !errors.Is(lazyErr, csv.ErrQuote) {
				t.Fatalf("row %d cannot be written for mending: %v", i, lazyErr)
			}
		}
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			t.Fatalf("not as encoding/csv reads it: %s", diff)
		}
	})
}
