package access

import (
	"errors"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

func wantTouches(t *testing.T, w *world, want ...map[int64]time.Time) {
	t.Helper()
	if diff := cmp.Diff(want, w.touches); diff != "" {
		t.Errorf("what the store heard (-want +got):\n%s", diff)
	}
}

func TestRecordUse_TheNewestOfEachCredentialOnce(t *testing.T) {
	w := newWorld(t, ways()[0])
	w.put("other", clientele.Credential{ID: 2}, time.Time{})
	if err := w.access.RecordUse(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTouches(t, w) // nothing to say
	w.wantIn(t, "first")
	if _, err := w.access.BySecret(t.Context(), clientele.OPM, "other"); err != nil {
		t.Fatal(err)
	}
	otherAt := w.Now()
	w.turn(time.Second) // from memory it counts as well
	w.wantIn(t, "second")
	for range 2 {
		if err := w.access.RecordUse(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantTouches(t, w, map[int64]time.Time{1: w.Now(), 2: otherAt})
}

func TestRecordUse_EveryWayCounts(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		w.wantIn(t, "first")
		if err := w.access.RecordUse(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantTouches(t, w, map[int64]time.Time{1: w.Now()})
	})
}

func TestRecordUse_RefusedCallsAreNoUse(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		w.revoke("secret", w.Now())
		w.wantKind(t, "revoked", clientele.KindUnauthorized)
		if err := w.access.RecordUse(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantTouches(t, w)
	})
}

func TestRecordUse_FailureKeepsForNextTime(t *testing.T) {
	w := newWorld(t, ways()[0])
	w.put("other", clientele.Credential{ID: 2}, time.Time{})
	w.wantIn(t, "first")
	if _, err := w.access.BySecret(t.Context(), clientele.OPM, "other"); err != nil {
		t.Fatal(err)
	}
	first := w.Now()
	w.change(func() { w.down = errDown })
	for range 2 {
		if err := w.access.RecordUse(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("RecordUse = %v, want the store's error", err)
		}
	}
	w.turn(time.Second)
	w.wantIn(t, "second")
	w.change(func() { w.down = nil })
	if err := w.access.RecordUse(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTouches(t, w, map[int64]time.Time{1: w.Now(), 2: first})
}

func TestRecordUse_FailureNeverPutsAnOlderTimeBack(t *testing.T) {
	w := newWorld(t, ways()[0])
	w.wantIn(t, "before")
	w.change(func() { w.down = errDown })
	w.onTouch = func() { // a call while the store is being told
		w.turn(time.Second)
		w.wantIn(t, "meanwhile")
	}
	if err := w.access.RecordUse(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("RecordUse = %v, want the store's error", err)
	}
	w.onTouch = nil
	w.change(func() { w.down = nil })
	if err := w.access.RecordUse(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTouches(t, w, map[int64]time.Time{1: w.Now()})
}
