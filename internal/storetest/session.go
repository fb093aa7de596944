package storetest

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

func sessionChecks() []check {
	return []check{
		{"Put_IsFoundUntilItExpires", testPutSession},
		{"Put_TakesThePlaceOfTheOld", testPutSessionAgain},
		{"Update_OnlyWhatThereIs", testUpdateSession},
		{"Delete", testDeleteSession},
		{"Forget_ExpiredOnesTheOldestFirst", testForgetSessions},
	}
}

func (f *fixture) putSession(t tester, token string, data []byte, expires time.Time) {
	t.Helper()
	if err := f.PutSession(t.Context(), token, data, expires); err != nil {
		t.Fatalf("PutSession: %v", err)
	}
}

// wantSession fails unless the session has the data at that moment; nil for none.
func (f *fixture) wantSession(t tester, token string, now time.Time, want []byte) {
	t.Helper()
	got, found, err := f.FindSession(t.Context(), token, now)
	if err != nil || found != (want != nil) || !bytes.Equal(got, want) {
		t.Errorf("session %q at %s: %q, %t, %v; want %q", token, now, got, found, err, want)
	}
}

func testPutSession(t *testing.T, f *fixture) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	f.putSession(t, "a", every, at(5))
	f.putSession(t, "empty", nil, at(5))
	for now, want := range map[time.Time][]byte{
		at(1): every, at(5).Add(-time.Microsecond): every, at(5): nil, at(900): nil,
	} {
		f.wantSession(t, "a", now, want)
	}
	f.wantSession(t, "empty", at(1), []byte{})
	for _, token := range []string{"", "A", "a ", "%"} {
		f.wantSession(t, token, at(1), nil)
	}
}

func testPutSessionAgain(t *testing.T, f *fixture) {
	f.putSession(t, "a", []byte("first"), at(5))
	f.putSession(t, "b", []byte("other"), at(5))
	f.putSession(t, "a", []byte("second"), at(9))
	f.wantSession(t, "a", at(7), []byte("second"))
	f.putSession(t, "a", []byte("third"), at(3))
	f.wantSession(t, "a", at(4), nil)
	f.wantSession(t, "b", at(4), []byte("other"))
}

func testUpdateSession(t *testing.T, f *fixture) {
	f.putSession(t, "a", []byte("first"), at(5))
	f.putSession(t, "b", []byte("other"), at(5))
	update := func(token string, data []byte, expires time.Time) {
		t.Helper()
		if err := f.UpdateSession(t.Context(), token, data, expires); err != nil {
			t.Fatalf("UpdateSession: %v", err)
		}
	}
	update("a", []byte("second"), at(9))
	f.wantSession(t, "a", at(7), []byte("second"))
	f.wantSession(t, "b", at(4), []byte("other"))
	update("a", nil, at(9))
	f.wantSession(t, "a", at(7), []byte{})
	update("never begun", []byte("x"), at(9))
	f.wantSession(t, "never begun", at(1), nil)
	if err := f.DeleteSession(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	update("a", []byte("third"), at(9))
	f.wantSession(t, "a", at(1), nil)
}

func testDeleteSession(t *testing.T, f *fixture) {
	f.putSession(t, "a", []byte("x"), at(5))
	f.putSession(t, "b", []byte("y"), at(5))
	for range 2 { // what is not there has ended
		if err := f.DeleteSession(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	f.wantSession(t, "a", at(1), nil)
	f.wantSession(t, "b", at(1), []byte("y"))
}

func testForgetSessions(t *testing.T, f *fixture) {
	for i := range 6 {
		f.putSession(t, fmt.Sprint("s", 5-i), []byte("x"), at(i))
	}
	for _, step := range []struct{ before, limit, want int }{{4, 3, 3}, {4, 3, 1}, {4, 3, 0}, {900, 100, 2}} {
		got, err := f.ForgetSessions(t.Context(), at(step.before), step.limit)
		if err != nil || got != int64(step.want) {
			t.Errorf("forget before %d, at most %d: %d, %v; want %d", step.before, step.limit, got, err, step.want)
		}
		if step.before == 4 { // what expires at 4 is not before it
			f.wantSession(t, "s1", at(0), []byte("x"))
			f.wantSession(t, "s5", at(-1), nil)
		}
	}
}
