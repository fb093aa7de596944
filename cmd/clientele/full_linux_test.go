package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// disk makes a server's disk full and gives it room again.
type disk struct {
	fill, empty func()
}

// TestDiskFull: while nothing can be written every write is answered 503, the server stays up, and it goes on by itself
// when there is room. What was acknowledged before, meanwhile and afterwards is in the book.
func TestDiskFull(t *testing.T) {
	t.Run("file size limit", func(t *testing.T) {
		dir, key := newBook(t)
		s := startServer(t, dir)
		testDiskFull(t, s, key, limitedDisk(t, s))
	})
	t.Run("full file system", func(t *testing.T) {
		mount := t.TempDir()
		if err := unix.Mount("tmpfs", mount, "tmpfs", 0, "size=12m"); errors.Is(err, fs.ErrPermission) {
			t.Logf("a file system of its own takes root (%v); the file size limit alone stands for the full disk", err)
			return
		} else if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(mount, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
		dir := filepath.Join(mount, "data")
		command(t, "project", "create", "shop", "--data-dir", dir).wants(t, exitOK)
		key := issueKey(t, dir)
		s := startServer(t, dir)
		testDiskFull(t, s, key, smallDisk(t, mount))
	})
}

// limitedDisk bounds the size of the files that the server may write to hardly more than they have.
func limitedDisk(t testing.TB, s *server) disk {
	limit := func(bytes uint64) {
		t.Helper()
		err := unix.Prlimit(s.process.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	return disk{
		fill: func() {
			var largest int64
			for _, name := range []string{"clientele.db", "clientele.db-wal"} {
				info, err := os.Stat(filepath.Join(s.dir, name))
				if err != nil {
					t.Fatal(err)
				}
				largest = max(largest, info.Size())
			}
			limit(uint64(largest) + 5000)
		},
		empty: func() { limit(unix.RLIM_INFINITY) },
	}
}

// smallDisk fills a small file system with a file of no use.
func smallDisk(t testing.TB, mount string) disk {
	ballast := filepath.Join(mount, "ballast")
	return disk{
		fill: func() {
			f, err := os.Create(ballast)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for piece := make([]byte, 4096); err == nil; {
				_, err = f.Write(piece)
			}
			if !errors.Is(err, unix.ENOSPC) {
				t.Fatal(err)
			}
		},
		empty: func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func testDiskFull(t *testing.T, s *server, key string, d disk) {
	w := &writers{s: s, key: key, journals: make([]journal, 8)}
	if got := w.send(t, 10); got[201] != 80 {
		t.Fatalf("with room: answers %v", got)
	}
	d.fill()
	eventually(t, patience, "all writes are answered 503", func() bool { got := w.send(t, 10); return got[503] == 80 })
	a := w.sendOne(t, 0, nil)
	a.wants(t, 503, unavailableBody)
	if got := a.header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %q", got)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200} {
		if got := s.ask(request{url: path}).status; got != want {
			t.Errorf("%s is answered %d while the disk is full", path, got)
		}
	}
	s.ping(key).wants(t, 200, pongBody)
	if !strings.Contains(s.stderr.String(), `"error_kind":"unavailable","cause":"`) {
		t.Errorf("the log does not say why")
	}
	d.empty()
	eventually(t, patience, "all writes are answered 201 again", func() bool { got := w.send(t, 10); return got[201] == 80 })
	s.stop()
	t.Logf("%d acknowledged writes are all there", readBook(t, s.dir).holds(t, w.journals))
}

// writers are some connections that create customers and note the answers.
type writers struct {
	s        *server
	key      string
	journals []journal
}

// send creates n customers on each connection, all at once, and returns how many answers had each status.
func (w *writers) send(t testing.TB, n int) map[int]int {
	t.Helper()
	var mu sync.Mutex
	statuses := map[int]int{}
	var all sync.WaitGroup
	for i := range w.journals {
		client := kept(t)
		all.Go(func() {
			defer client.CloseIdleConnections()
			for range n {
				a := w.sendOne(t, i, client)
				mu.Lock()
				statuses[a.status]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return statuses
}

// sendOne creates a customer and enters it in the i-th journal. A 503 leaves open whether it is there.
func (w *writers) sendOne(t testing.TB, i int, client *http.Client) answer {
	key := fmt.Sprintf("c%d-n%d", i, len(w.journals[i]))
	e := &write{id: key, key: key, values: statesOf(key, key, false)}
	w.journals[i] = append(w.journals[i], e)
	a, err := send(request{
		client: client, url: w.s.url + "/entry", key: w.key, body: e.body(), header: map[string]string{"X-Request-Id": e.id},
	})
	if err != nil {
		t.Errorf("no answer: %v", err)
	}
	if a.status != http.StatusServiceUnavailable {
		e.status = a.status
	}
	return a
}
