package console

import (
	"bufio"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// column is one value of each exported row.
type column[T any] struct {
	// Name is the column's heading in CSV and the member's name in NDJSON: lower case with underscores.
	Name string
	// Value returns a string, a clientele.Text, an int, an int64, a bool, a time.Time, a jsontext.Value, or nil for nothing. A
	// missing text and the zero time are nothing, too: empty in CSV, null in NDJSON.
	Value func(*T) any
}

// export is a list to write out, row by row.
type export struct {
	// name is the list's, plural and in lower case ("customers"): in the file's name and in the audit log.
	name string
	// names are the headings, rows the values in their order. An error is the last.
	names []string
	rows  iter.Seq2[[]any, error]
}

// exportOf returns the export of a list. rows yields the list in the order of the page, page by page from the store, and
// never holds all of it; an error is the last that it yields.
func exportOf[T any](name string, columns []column[T], rows iter.Seq2[T, error]) export {
	e := export{name: name}
	for _, c := range columns {
		e.names = append(e.names, c.Name)
	}
	e.rows = func(yield func([]any, error) bool) {
		values := make([]any, len(columns))
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, c := range columns {
				values[i] = c.Value(&row)
			}
			if !yield(values, nil) {
				return
			}
		}
	}
	return e
}

// exportFunc reads the filters of a list's page and returns the whole list that they select, without pages.
type exportFunc func(*request) (export, error)

// list adds the route of a list: a page, and with ?format=csv or ?format=ndjson the same list as a file.
func (r router) list(pattern string, needed clientele.Role, show pageFunc, all exportFunc) {
	page, file := r.console.page(needed, show), r.console.stream(needed, func(w http.ResponseWriter, req *request) error {
		return req.sendExport(w, all)
	})
	r.Get(pattern, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Has("format") {
			file(w, req)
			return
		}
		page(w, req)
	})
}

// rowWriter writes rows in one format.
type rowWriter interface {
	head(names []string) error
	row(names []string, values []any) error
	// flush hands everything to the writer below.
	flush() error
}

// sendExport streams an export in the format that the query names. Nothing is sent before the first row is there, so what
// fails at once is a page; what fails later cuts the connection (Console.stream).
func (r *request) sendExport(w http.ResponseWriter, all exportFunc) error {
	if err := r.checkOpenedHere(); err != nil {
		return err
	}
	format := r.URL.Query().Get("format")
	body := bufio.NewWriterSize(w, 32<<10)
	var rows rowWriter
	contentType := ""
	switch format {
	case "csv":
		rows, contentType = newCSVRows(body), "text/csv; charset=utf-8; header=present"
	case "ndjson":
		rows, contentType = &ndjsonRows{body}, "application/x-ndjson"
	default:
		return clientele.Errorf(clientele.KindInvalid, "A list can be had as csv and as ndjson")
	}
	e, err := all(r)
	if err != nil {
		return err
	}
	if err := r.audit("export", e.name+" as "+format); err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+r.exportName(e.name)+"."+format+`"`)
	return e.write(w, body, rows)
}

// exportName is the name of the file, in characters that any system takes: the names of projects are not among them.
func (r *request) exportName(list string) string {
	name := "clientele-" + list
	if r.Project.ID != 0 {
		name += "-project-" + strconv.FormatInt(r.Project.ID, 10)
	}
	return name + r.console.Now().UTC().Format("-20060102-150405")
}

const (
	// flushEvery is after how many rows what is written goes out.
	flushEvery = 500
	// exportPatience is how long the other side may take for so many rows; the server's own bound is for a whole answer.
	exportPatience = time.Minute
)

func (e export) write(w http.ResponseWriter, body *bufio.Writer, rows rowWriter) error {
	if err := rows.head(e.names); err != nil {
		return err
	}
	out := http.NewResponseController(w)
	n := 0
	for values, err := range e.rows {
		if err != nil {
			return fmt.Errorf("export %s, row %d: %w", e.name, n+1, err)
		}
		if err := rows.row(e.names, values); err != nil {
			return err
		}
		if n++; n%flushEvery == 0 {
			if err := e.flush(out, body, rows); err != nil {
				return err
			}
		}
	}
	return e.flush(out, body, rows)
}

func (e export) flush(out *http.ResponseController, body *bufio.Writer, rows rowWriter) error {
	_ = out.SetWriteDeadline(time.Now().Add(exportPatience)) // the clock of the connection, not of the book
	if err := rows.flush(); err != nil {
		return err
	}
	if err := body.Flush(); err != nil {
		return err
	}
	return out.Flush()
}

func exportedTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// ndjsonRows writes a JSON object a line, with the values as they are.
type ndjsonRows struct{ *bufio.Writer }

func (n *ndjsonRows) head([]string) error { return nil }

func (n *ndjsonRows) flush() error { return nil }

func (n *ndjsonRows) row(names []string, values []any) error {
	line := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(clientele.AppendQuoted(line, name), ':')
		var err error
		if line, err = appendJSON(line, values[i]); err != nil {
			return err
		}
	}
	_, err := n.Write(append(line, '}', '\n'))
	return err
}

func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return clientele.AppendQuoted(b, v), nil
	case clientele.Text:
		return v.AppendJSON(b), nil
	case time.Time:
		if v.IsZero() {
			return append(b, "null"...), nil
		}
		return clientele.AppendQuoted(b, exportedTime(v)), nil
	case nil, int, int64, bool, jsontext.Value:
		value, err := json.Marshal(v)
		return append(b, value...), err
	default:
		panic(fmt.Sprintf("console: a %T cannot be exported", v))
	}
}

// cursors are the names of the query's values that say where a page begins; an export has none.
var cursors = []string{"after", "before"}

// exportPath is the request's own path with its filters, as a file.
func (r *request) exportPath(format string) string {
	q := r.URL.Query()
	for _, name := range cursors {
		q.Del(name)
	}
	q.Set("format", format)
	return r.URL.Path + "?" + q.Encode()
}
