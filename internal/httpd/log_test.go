package httpd

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLogWriter_KeepsEverything that a reader takes, each goroutine's lines in order, each line whole.
func TestLogWriter_KeepsEverything(t *testing.T) {
	const writers, each = 8, 2000
	var out lines
	w := NewLogWriter(&out)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for n := range each {
				fmt.Fprintf(w, "writer %d line %d\n", i, n)
			}
		})
	}
	all.Wait()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	var next [writers]int
	for line := range strings.Lines(out.String()) {
		var i, n int
		if _, err := fmt.Sscanf(line, "writer %d line %d\n", &i, &n); err != nil || next[i] != n {
			t.Fatalf("line %q (%v), want line %d of that writer", line, err, next[i])
		}
		next[i]++
	}
	for i, n := range next {
		if n != each {
			t.Errorf("%d lines of writer %d, want %d", n, i, each)
		}
	}
	if w.Dropped() != 0 {
		t.Errorf("%d lines dropped", w.Dropped())
	}
}

// TestLogWriter_WritesAtOnce: a single line does not wait for others.
func TestLogWriter_WritesAtOnce(t *testing.T) {
	read, write := io.Pipe()
	w := NewLogWriter(write)
	for _, line := range []string{"first\n", "second\n"} {
		if n, err := w.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatalf("write: %d, %v", n, err)
		}
		got := make([]byte, len(line))
		if _, err := io.ReadFull(read, got); err != nil || string(got) != line {
			t.Fatalf("read %q, %v", got, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// TestLogWriter_StuckReader: what does not fit is dropped and counted, writing never waits, and what was kept comes out
// whole when the reader goes on.
func TestLogWriter_StuckReader(t *testing.T) {
	read, write := io.Pipe()
	w := NewLogWriter(write)
	line := []byte(strings.Repeat("x", 1023) + "\n")
	const written = 3 * maxBufferedLog / 1024
	for range written {
		if n, err := w.Write(line); n != len(line) || err != nil {
			t.Fatalf("write: %d, %v", n, err)
		}
	}
	dropped := w.Dropped()
	if dropped < written/3 {
		t.Errorf("%d of %d lines dropped, want most", dropped, written)
	}
	kept := make(chan int)
	go func() {
		all, err := io.ReadAll(read)
		if err != nil || len(all)%len(line) != 0 || strings.Count(string(all), string(line)) != len(all)/len(line) {
			t.Errorf("read %d bytes, %v, not all of them whole lines", len(all), err)
		}
		kept <- len(all) / len(line)
	}()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	write.Close()
	if n := <-kept; n+dropped != written {
		t.Errorf("%d lines kept and %d dropped of %d", n, dropped, written)
	}
	if n, err := w.Write(line); n != len(line) || err != nil || w.Dropped() != dropped+1 {
		t.Errorf("after Close: %d, %v, %d dropped; want it dropped", n, err, w.Dropped()-dropped)
	}
}

// TestLogWriter_CloseWithStuckReader gives the rest up, so that the program can end.
func TestLogWriter_CloseWithStuckReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, write := io.Pipe()
		w := NewLogWriter(write)
		fmt.Fprintln(w, "a line that nobody reads")
		start := time.Now()
		if err := w.Close(); err == nil {
			t.Error("Close says that all was written")
		}
		if took := time.Since(start); took != closeTimeout {
			t.Errorf("Close took %s, want %s", took, closeTimeout)
		}
		read.Close() // lets the writer go
	})
}
