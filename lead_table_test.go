package clientele

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// october returns the nth day of a month.
func october(n int) time.Time { return time.Date(2026, time.October, n, 12, 0, 0, 0, time.UTC) }

// The stages as the table below writes them.
const stageLetters = "-WNACX"

func stageOf(letter byte) Stage { return Stage(strings.IndexByte(stageLetters, letter)) }

// leadAt returns a lead that came through the stages of the letters, in days of their own; "$" gives it a net value.
func leadAt(letters string) Lead {
	l := Lead{UUID: "u"}
	for i := range len(letters) {
		if letters[i] == '$' {
			l.NetValue = 100
			continue
		}
		s := stageOf(letters[i])
		l.Stage = max(l.Stage, s)
		if s != StageNone {
			l.ReachedAt[s] = october(int(s))
		}
	}
	return l
}

// reportOf returns what states the stages of the letters, on later days than leadAt's; "$" a net value, "n" a nominal value,
// "t" a customer type.
func reportOf(letters string) LeadReport {
	var r LeadReport
	for i := range len(letters) {
		switch c := letters[i]; c {
		case '$':
			r.NetValue = 200
		case 'n':
			r.NominalValue = 300
		case 't':
			r.CustomerType = Some("new")
		case '-':
		default:
			r.Reached[stageOf(c)] = october(10 + int(stageOf(c)))
		}
	}
	return r
}

// TestLeadReport_EveryLeadAndReport holds the stage machine to the rulings on the Prime Lead document: every sort of lead and of report,
// what stage follows or which answer.
func TestLeadReport_EveryLeadAndReport(t *testing.T) {
	const table = `
		         -    W    N    A    C    X    $    n    t    W$   N$   A$   C$   X$   WN   AW   CX   CX$  WNAC$ WX
		-        -    W    N    A    422  409  -    -    -    W    N    A    C    409  N    A    422  X    C     409
		-$       -    W    N    A    C    409  -    -    -    W    N    A    C    409  N    A    X    X    C     409
		W        W    W    N    A    422  409  W    W    W    W    N    A    C    409  N    A    422  X    C     409
		W$       W    W    N    A    C    409  W    W    W    W    N    A    C    409  N    A    X    X    C     409
		N        N    N    N    A    422  409  N    N    N    N    N    A    C    409  N    A    422  X    C     409
		WN       N    N    N    A    422  409  N    N    N    N    N    A    C    409  N    A    422  X    C     409
		WN$      N    N    N    A    C    409  N    N    N    N    N    A    C    409  N    A    X    X    C     409
		A        A    A    A    A    422  409  A    A    A    A    A    A    C    409  A    A    422  X    C     409
		WNA$     A    A    A    A    C    409  A    A    A    A    A    A    C    409  A    A    X    X    C     409
		C$       C    C    C    C    C    X    C    C    C    C    C    C    C    X    C    C    X    X    C     X
		WNAC$    C    C    C    C    C    X    C    C    C    C    C    C    C    X    C    C    X    X    C     X
		CX$      409  409  409  409  409  X    409  409  409  409  409  409  409  409  409  409  X    409  409   409
		WNACX$   409  409  409  409  409  X    409  409  409  409  409  409  409  409  409  409  X    409  409   X`
	lines := strings.Split(strings.TrimSpace(table), "\n")
	events := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		for i, want := range cells[1:] {
			t.Run(cells[0]+" then "+events[i], func(t *testing.T) { checkReport(t, leadAt(cells[0]), reportOf(events[i]), want) })
		}
	}
}

func checkReport(t *testing.T, before Lead, r LeadReport, want string) {
	after, err := before.Report(r)
	switch want {
	case "422", "409":
		kind := map[string]Kind{"422": KindInvalid, "409": KindConflict}[want]
		if KindOf(err) != kind || err == nil || after != before {
			t.Fatalf("got %v and %+v; want kind %s and no change", err, after, kind)
		}
		return
	}
	if err != nil || after.Stage != stageOf(want[0]) {
		t.Fatalf("got stage %q, %v; want %q", after.Stage, err, stageOf(want[0]))
	}
	if before.Stage == StageContractCanceled {
		if after != before {
			t.Errorf("a repeated cancellation changed the lead: %+v", after)
		}
		return
	}
	for s := range NumStages {
		wantAt := before.ReachedAt[s] // the first date stays
		if wantAt.IsZero() {
			wantAt = r.Reached[s]
		}
		if !after.ReachedAt[s].Equal(wantAt) {
			t.Errorf("%s is dated %v, want %v", s, after.ReachedAt[s], wantAt)
		}
	}
	wantValues := fmt.Sprint(max(before.NetValue, r.NetValue), max(before.NominalValue, r.NominalValue), r.CustomerType)
	if got := fmt.Sprint(after.NetValue, after.NominalValue, after.CustomerType); got != wantValues {
		t.Errorf("values %s, want %s", got, wantValues)
	}
}
