//go:build linux

package main

import (
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestPlain_StoresWhatItAnswers: each answered entry is a row, also where many come at once, and what is no entry is none.
func TestPlain_StoresWhatItAnswers(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "plain.db")+loopPragmas)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	loop, err := openDriverLoop(t.Context(), db, idRange{})
	if err != nil {
		t.Fatal(err)
	}
	line := make(chan plainEntry, plainLine)
	var committing sync.WaitGroup
	committing.Go(func() { loop.commitEntries(t.Context(), line) })
	server := httptest.NewServer(plainHandler([]bareRoute{{Method: "POST", Path: "/entry", Status: 201, Body: "ok"}}, line))
	post := func(body string) int {
		response, err := http.Post(server.URL+"/entry", "application/json", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	const entries, ids = 60, 20
	var posting sync.WaitGroup
	for i := range entries {
		posting.Go(func() {
			if status := post(fmt.Sprintf(`{"customerId":%d,"customerEmail":"c%d@example.com"}`, i%ids, i)); status != 201 {
				t.Errorf("entry %d: status %d", i, status)
			}
		})
	}
	posting.Wait()
	if status := post("{"); status != http.StatusBadRequest {
		t.Errorf("half an object: status %d", status)
	}
	server.Close()
	close(line)
	committing.Wait()
	var rows int
	if err := loop.connection.QueryRowContext(t.Context(), "SELECT count(*) FROM customer").Scan(&rows); err != nil || rows != ids || loop.rows != entries {
		t.Errorf("%d rows of %d entries, %v; want %d of %d", rows, loop.rows, err, ids, entries)
	}
	if err := loop.upsert.Close(); err != nil {
		t.Error(err)
	}
	if err := loop.connection.Close(); err != nil {
		t.Error(err)
	}
	// Without its connection nothing is stored, and nothing is said to be.
	p := plainEntry{done: make(chan error, 1)}
	line = make(chan plainEntry, 1)
	line <- p
	close(line)
	loop.commitEntries(t.Context(), line)
	if err := <-p.done; err == nil {
		t.Error("an entry without a database was stored")
	}
}

// TestFullPlain_UpdatesWhatIsThere: a table that was filled has the rows of the pool that its server updates.
func TestFullPlain_UpdatesWhatIsThere(t *testing.T) {
	for _, ids := range []string{idsSequential, idsScattered} {
		o := shortOptions(t)
		o.ids = ids
		b, err := newBench(o, t.TempDir(), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		full := &fullPlain{bench: b, rows: 3*poolSize + 1}
		for range 2 { // the second time there is nothing to do
			if err := full.prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		db, err := sql.Open("sqlite", "file:"+filepath.Join(full.dir, plainFile)+loopPragmas)
		if err != nil {
			t.Fatal(err)
		}
		var rows, known int64
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM customer").Scan(&rows); err != nil || rows != full.rows {
			t.Errorf("ids %s: %d rows, %v; want %d", ids, rows, err, full.rows)
		}
		pool, random := b.numbers.poolOf(full.rows), rand.New(rand.NewPCG(1, 1))
		for n := range int64(100) {
			id := strconv.FormatInt(pool.at(n, random), 10)
			if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM customer WHERE external_id = ?", id).Scan(&known); err != nil || known != 1 {
				t.Fatalf("ids %s: the table has %d rows of %s of the pool, %v", ids, known, id, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
