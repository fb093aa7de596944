package httpd

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// askOn sends one request on a connection and returns the status, or why there is none.
func askOn(conn net.Conn, path string) string {
	_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n") // or it is refused already
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err.Error()
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Status
}

// TestListen_IdleConnectionsMakeRoom: the one that has been idle for longest, and none that is at work.
func TestListen_IdleConnectionsMakeRoom(t *testing.T) {
	few := wide
	few.connections, few.crowdedIdle = 4, 0
	atWork, done := make(chan struct{}), make(chan struct{})
	s := serve(t, few, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			close(atWork)
			<-done
		}
		fmt.Fprint(w, "served")
	})
	long := dial(t, s)
	write(t, long, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
	<-atWork
	var last net.Conn
	for i := range 20 {
		last = dial(t, s)
		for deadline := time.Now().Add(patience); ; { // the one before is idle a little later than it is answered
			status := askOn(last, "/")
			if status == "200 OK" {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("connection %d is answered %s while others are idle", i, status)
			}
			last.Close()
			last = dial(t, s)
		}
	}
	if status := askOn(last, "/"); status != "200 OK" {
		t.Errorf("the connection used last is answered %s", status)
	}
	close(done)
	if res, body := readAnswer(t, bufio.NewReader(long)); body != "served" {
		t.Errorf("the request under way is answered %s %s", res.Status, body)
	}
}

// TestListen_WhoWasJustUsedKeepsItsPlace: a crowd of busy connections keeps its places, and one more is refused.
func TestListen_WhoWasJustUsedKeepsItsPlace(t *testing.T) {
	few := wide
	few.connections = 4
	s := serve(t, few, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "served") })
	var held []net.Conn
	for range 4 {
		held = append(held, dial(t, s))
		askOn(held[len(held)-1], "/")
	}
	if status := askOn(dial(t, s), "/"); status == "200 OK" {
		t.Error("there is a fifth place")
	}
	for i, conn := range held {
		if status := askOn(conn, "/"); status != "200 OK" {
			t.Errorf("connection %d is answered %s", i, status)
		}
	}
	if open, refused := s.Connections(), s.RefusedConnections(); open != 4 || refused != 1 {
		t.Errorf("%d open and %d refused, want 4 and 1", open, refused)
	}
	metrics := NewMetrics("v1", func() int { return 0 })
	metrics.CountConnections(s)
	page := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{"\nclientele_connections_open 4\n", "\nclientele_connections_refused_total 1\n"} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
}

// TestPlaces_OneLineASecond tells of all connections that were refused in it.
func TestPlaces_OneLineASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newPlaces(wide, slog.New(slog.NewTextHandler(&out, nil)))
		var all sync.WaitGroup
		for range 50 {
			all.Go(p.refuse)
		}
		all.Wait()
		time.Sleep(busyPause) // of the bubble's clock
		synctest.Wait()
		if got := strings.TrimSpace(out.String()); strings.Count(got, "\n") != 0 || !strings.Contains(got, "connections=50 places=100 within=1s") {
			t.Errorf("logged %q", got)
		}
	})
}
