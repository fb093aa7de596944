package intake

import (
	"errors"
	"testing"
	"time"

	"clientele"
)

// TestStrain_Heard: two long waits one after the other are strain, until one is short.
func TestStrain_Heard(t *testing.T) {
	const ms = time.Millisecond
	s := &Strain{}
	for i, c := range []struct {
		waited time.Duration
		want   bool
	}{
		{ms, false},
		{90 * ms, false},
		{60 * ms, false},
		{75 * ms, false},
		{75 * ms, true},
		{74 * ms, true},
		{30 * ms, true},
		{29 * ms, false},
		{300 * ms, false},
		{ms, false},
	} {
		if s.heard(c.waited); s.high.Load() != c.want {
			t.Errorf("wait %d of %v: strain %t, want %t", i+1, c.waited, s.high.Load(), c.want)
		}
	}
}

// crowd are more connections than strain takes.
func crowd() int64 { return strainConnections + 1 }

// TestStrain_ByteUnderWay: nothing is heard for a long time when the processors are shortest.
func TestStrain_ByteUnderWay(t *testing.T) {
	s := &Strain{start: time.Now().Add(-time.Second)}
	s.CountConnections(crowd)
	if s.sent.Store(int64(time.Second - 10*time.Millisecond)); s.IsHigh() {
		t.Error("a byte that was just sent is strain")
	}
	if s.next.Store(0); s.IsHigh() {
		t.Error("strain without a long wait")
	}
	s.sent.Store(1)
	if s.next.Store(0); !s.IsHigh() {
		t.Error("a byte that nobody has read for a second is no strain")
	}
}

// TestStrain_TakesManyConnections: few of them that wait for each other are no strain.
func TestStrain_TakesManyConnections(t *testing.T) {
	s := &Strain{}
	s.next.Store(1 << 62)
	s.high.Store(true)
	if s.IsHigh() {
		t.Error("strain, and nobody has counted a connection")
	}
	for open, want := range map[int64]bool{256: false, 512: false, 513: true} {
		if s.CountConnections(func() int64 { return open }); s.IsHigh() != want {
			t.Errorf("%d connections: strain %t", open, !want)
		}
	}
}

// TestStrain_Pipe: each byte is heard of, also when many ask at once, and looking ends with the intake.
func TestStrain_Pipe(t *testing.T) {
	s := NewStrain()
	s.CountConnections(crowd)
	for range 3 {
		s.next.Store(0)
		s.IsHigh()
		for deadline := time.Now().Add(10 * time.Second); s.sent.Load() != 0; {
			if time.Now().After(deadline) {
				t.Fatal("a byte was not heard of")
			}
		}
	}
	s.Close()
	s.Close()
	if s.next.Store(0); s.sent.Load() != 0 {
		t.Error("a byte is under way")
	}
	s.IsHigh()
}

// TestCommit_LetsInLessUnderStrain: while the processors are short, a caller has at most a hundred in line, and others find
// a place.
func TestCommit_LetsInLessUnderStrain(t *testing.T) {
	strain := &Strain{}
	strain.CountConnections(crowd)
	strain.next.Store(1 << 62) // it is not asked
	in := New(storeFunc(slowStore), Options{Strain: strain})
	defer mustClose(t, in)
	many := in.shareOf(1)
	for range 200 {
		if !in.admission.enter(many) {
			t.Fatal("refused without strain")
		}
	}
	strain.high.Store(true)
	if busy, is := errors.AsType[*clientele.Busy](in.Admit(1, 1)); !is || busy.Room() {
		t.Errorf("a caller with 200 in line is let in: %v", in.Admit(1, 1))
	}
	for range 100 {
		in.admission.leave(many)
	}
	if err := in.Admit(1, 2); err != nil {
		t.Errorf("one with none beside one with 100: %v", err)
	}
	for in.admission.enter(many) {
	}
	if n := many.count.Load(); n < 100 || n > 103 {
		t.Errorf("%d in line, want about 102", n)
	}
}
