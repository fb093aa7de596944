package console

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// hostileCells are texts that become formulas where a spreadsheet separates cells by ; or tab, and how they are written.
var hostileCells = []struct{ text, want string }{
	{"=1+1", "'=1+1"},
	{"y;=1+1;", `"y;'=1+1;"`},
	{"x;=cmd|' /C calc'!A0;", `"x;'=cmd|' /C calc'!A0;"`},
	{"y;-1;@A;+1;ok", `"y;'-1;'@A;'+1;ok"`},
	{"y;; =1+1", `"y;;' =1+1"`},
	{`y;"=1+1"`, `"y;'""=1+1"""`},
	{" =1+1", `"' =1+1"`},
	{"y\t=1+1", "\"y\t'=1+1\""},
	{"y\r\n=1+1\r-1", "\"y\r\n'=1+1\r'-1\""},
	{"y;＝1", `"y;'＝1"`},
	{"y;\tz", "\"y;\tz\""},
	{"a=b-c@example.com", "a=b-c@example.com"},
	{"12; Elm Street", `"12; Elm Street"`},
	{"Smith, Ada", `"Smith, Ada"`},
	{"", ""},
}

func TestCSV_IsNoFormulaByAnySeparator(t *testing.T) {
	for _, c := range hostileCells {
		var out bytes.Buffer
		rows := newCSVRows(&out)
		check(t, rows.row(nil, []any{1, c.text, clientele.Some(c.text), 2}))
		check(t, rows.flush())
		if want := "1," + c.want + "," + c.want + ",2\r\n"; out.String() != want {
			t.Errorf("%q: %q, want %q", c.text, out.String(), want)
		}
		for _, separator := range []rune{';', '\t', ','} {
			for _, cell := range cellsBy(t, separator, out.String()) {
				if cell = strings.TrimLeft(cell, " "); cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
					t.Errorf("%q: separated by %q there is a cell %q", c.text, separator, cell)
				}
			}
		}
	}
}

// cellsBy returns the cells that a spreadsheet finds which separates by one character. Like spreadsheets it minds quotes at the
// beginning of a cell only, and takes what follows the last of them along.
func cellsBy(t *testing.T, separator rune, text string) []string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.ReplaceAll(text, "\r", "\n")))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = separator, true, -1
	rows, err := r.ReadAll()
	check(t, err)
	return slices.Concat(rows...)
}

// TestCSV_JSONStaysWhatItIs: a ' within JSON would be part of a value.
func TestCSV_JSONStaysWhatItIs(t *testing.T) {
	var out bytes.Buffer
	rows := newCSVRows(&out)
	check(t, rows.row(nil, []any{jsontext.Value(`{"name":"y;=1+1"}`)}))
	check(t, rows.flush())
	if want := `"{""name"":""y\u003b=1+1""}"` + "\r\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
