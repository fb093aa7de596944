package console

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// number is a row of a made-up list.
type numberRow struct{ n int }

var numberColumns = []column[numberRow]{
	{"n", func(r *numberRow) any { return r.n }},
	{"negative", func(r *numberRow) any { return int64(-r.n) }},
	{"text", func(r *numberRow) any { return fmt.Sprint("=", r.n) }},
	{"missing", func(*numberRow) any { return clientele.Text{} }},
	{"nothing", func(*numberRow) any { return nil }},
	{"even", func(r *numberRow) any { return r.n%2 == 0 }},
	{"never", func(*numberRow) any { return time.Time{} }},
	{"at", func(*numberRow) any { return time.Date(2026, 11, 22, 12, 0, 0, 1000, time.FixedZone("CET", 3600)) }},
	{"list", func(r *numberRow) any { return jsontext.Value(fmt.Sprintf("[%d]", r.n)) }},
}

// count yields rows up to a number, and then an error if there is one.
func count(to int, err error) iter.Seq2[numberRow, error] {
	return func(yield func(numberRow, error) bool) {
		for n := 1; n <= to; n++ {
			if !yield(numberRow{n}, nil) {
				return
			}
		}
		if err != nil {
			yield(numberRow{}, err)
		}
	}
}

// serveExport serves a made-up list to a logged-in viewer.
func serveExport(t *testing.T, format string, rows iter.Seq2[numberRow, error]) *page {
	t.Helper()
	f := newFixture(t)
	b := f.as(t, viewer)
	server := httptest.NewServer(f.withSession(f.stream(viewer, func(w http.ResponseWriter, r *request) error {
		return r.sendExport(w, func(*request) (export, error) { return exportOf("numbers", numberColumns, rows), nil })
	})))
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/console/?format="+format, nil)
	check(t, err)
	res, err := b.client.Do(req)
	check(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		body = append(body, "BROKEN OFF"...)
	}
	return &page{Response: res, t: t, body: string(body)}
}

func TestExport_CSVOfEveryType(t *testing.T) {
	page := serveExport(t, "csv", count(2, nil)).want(http.StatusOK)
	want := "n,negative,text,missing,nothing,even,never,at,list\r\n" +
		"1,-1,'=1,,,false,,2026-11-22T11:00:00.000001Z,[1]\r\n2,-2,'=2,,,true,,2026-11-22T11:00:00.000001Z,[2]\r\n"
	if page.body != want {
		t.Errorf("%q, want %q", page.body, want)
	}
}

func TestExport_NDJSONOfEveryType(t *testing.T) {
	page := serveExport(t, "ndjson", count(1, nil)).want(http.StatusOK)
	want := `{"n":1,"negative":-1,"text":"=1","missing":null,"nothing":null,"even":false,"never":null,"at":"2026-11-22T11:00:00.000001Z","list":[1]}` + "\n"
	if page.body != want || page.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%s %q, want %q", page.Header.Get("Content-Type"), page.body, want)
	}
}

func TestExport_CSVOfNothingHasItsHeadings(t *testing.T) {
	if page := serveExport(t, "csv", count(0, nil)).want(http.StatusOK); page.body != "n,negative,text,missing,nothing,even,never,at,list\r\n" {
		t.Errorf("%q", page.body)
	}
}

func TestExport_CSVThatBreaksOffDoesNotLookWhole(t *testing.T) {
	page := serveExport(t, "csv", count(5*flushEvery+3, errors.New("the store went away"))).want(http.StatusOK)
	if !strings.HasSuffix(page.body, "BROKEN OFF") || !strings.Contains(page.body, "\n1,") {
		t.Errorf("%d bytes arrived, ending in %q", len(page.body), page.body[max(0, len(page.body)-40):])
	}
}

func TestExport_CSVThatFailsAtOnceIsAPage(t *testing.T) {
	page := serveExport(t, "csv", count(0, clientele.Unavailable("the book is away", nil))).want(http.StatusServiceUnavailable)
	if page.Header.Get("Content-Disposition") != "" {
		t.Error("an error page is a file")
	}
	page.has("Not available").lacks("negative")
}

// TestExport_CSVIsNeverWholeInMemory has the reader get rows before the last was made.
func TestExport_CSVIsNeverWholeInMemory(t *testing.T) {
	arrived := make(chan struct{})
	rows := func(yield func(numberRow, error) bool) {
		for row, err := range count(flushEvery, nil) {
			if !yield(row, err) {
				return
			}
		}
		select { // the reader has the first rows, and only then there are more
		case <-arrived:
		case <-time.After(20 * time.Second):
			yield(numberRow{}, errors.New("nothing has arrived"))
			return
		}
		yield(numberRow{flushEvery + 1}, nil)
	}
	f := newFixture(t)
	b := f.as(t, viewer)
	server := httptest.NewServer(f.withSession(f.stream(viewer, func(w http.ResponseWriter, r *request) error {
		return r.sendExport(w, func(*request) (export, error) { return exportOf("numbers", numberColumns, rows), nil })
	})))
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/console/?format=csv", nil)
	check(t, err)
	res, err := b.client.Do(req)
	check(t, err)
	defer func() { _ = res.Body.Close() }()
	first := make([]byte, 100)
	_, err = io.ReadFull(res.Body, first)
	check(t, err)
	close(arrived)
	rest, err := io.ReadAll(res.Body)
	check(t, err)
	if !strings.Contains(string(rest), fmt.Sprintf("\n%d,", flushEvery+1)) {
		t.Error("the last row is missing")
	}
}
