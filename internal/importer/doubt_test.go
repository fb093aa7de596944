package importer

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// partnerSets has a partner give a customer a first name.
func (s *shop) partnerSets(t *testing.T, externalID, name string) {
	t.Helper()
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(externalID))
	p.Put(clientele.FieldFirstName, clientele.Some(name))
	o, err := s.Store.Commit(t.Context(), []clientele.Write{{
		ProjectID: s.project, At: time.Now().UTC().Truncate(time.Microsecond), Origin: clientele.Origin{Dialect: clientele.OPM, RequestID: "partner"},
		Customer: &clientele.CustomerWrite{Patch: p},
	}})
	if err != nil || o[0].Err != nil {
		t.Fatalf("%v %v", o, err)
	}
}

// killed leaves of the notes of an import only the first, as if it had been killed before the second.
func killed(t *testing.T, path string) {
	t.Helper()
	progress := path + ".refused.csv.progress"
	first, _, _ := strings.Cut(readFile(t, progress), "\n")
	if err := os.WriteFile(progress, []byte(first+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRun_SentTwiceOverwritesNothingNewer: a row that the book has already does not take back what somebody else has stated since.
// One that it has not is carried out as ever, whoever was there before.
func TestRun_SentTwiceOverwritesNothingNewer(t *testing.T) {
	for _, name := range []string{"new", "known"} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			path := writeFile(t, "a.csv", strings.Replace(rows(19, true), "c005,n005\n", "c005,n005\nc005,m005\n", 1))
			if name == "known" {
				s.wants(t, writeFile(t, "before.csv", strings.ReplaceAll(rows(19, true), ",n", ",o")), named("before"), Counts{Created: 19})
			}
			s.interrupted(t, path, 4, nil) // behind c007
			killed(t, path)
			s.partnerSets(t, "c004", "partner")
			s.partnerSets(t, "c005", "partner")
			s.partnerSets(t, "c006", "n006") // which changes nothing
			s.partnerSets(t, "c015", "partner")
			r, err := s.load(t, path, nil)
			if err != nil || !r.GoneOn || r.Rows() != 20 || r.Refused != 0 {
				t.Fatalf("report %+v, error %v", r, err)
			}
			want := map[string]string{}
			for i := range 19 {
				want["c0"+strconv.Itoa(100 + i)[1:]] = "n0" + strconv.Itoa(100 + i)[1:]
			}
			want["c004"], want["c005"] = "partner", "partner"
			if diff := cmp.Diff(want, s.names(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRun_SentAgainOverwritesNothingNewer: a transaction that the book has although it was not heard of is sent again, and does not take
// back what somebody else has stated in between. One that the book has not is carried out as ever.
func TestRun_SentAgainOverwritesNothingNewer(t *testing.T) {
	for _, known := range []bool{false, true} {
		for _, committed := range []bool{false, true} {
			t.Run(fmt.Sprintf("known %t, committed %t", known, committed), func(t *testing.T) {
				s := newShop(t)
				path := writeFile(t, "a.csv", rows(19, true))
				if known {
					s.wants(t, writeFile(t, "before.csv", strings.ReplaceAll(rows(19, true), ",n", ",o")), named("before"), Counts{Created: 19})
				}
				away := func(n int) error {
					if n != 2 { // of c003, c004 and c005
						return nil
					}
					s.partnerSets(t, "c004", "partner")
					s.lookErr = clientele.Unavailable("still away", nil)
					return clientele.Unavailable("away", nil)
				}
				s.commits, s.before = 0, away
				if committed {
					s.before, s.after = nil, away
				}
				r, err := s.load(t, path, func(o *Options) { o.Patience = time.Minute })
				if err != nil || r.Rows() != 19 || r.Refused != 0 {
					t.Fatalf("report %+v, error %v", r, err)
				}
				want := map[string]string{}
				for i := range 19 {
					want[fmt.Sprintf("c%03d", i)] = fmt.Sprintf("n%03d", i)
				}
				if committed {
					want["c004"] = "partner"
				}
				if diff := cmp.Diff(want, s.names(t)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestRun_RowsOfOneCustomerSentTwice end as they did, and one that was not sent before comes behind them.
func TestRun_RowsOfOneCustomerSentTwice(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", "id,first_name,email\n1,a,\n1,b,\n1,,ada@example.com\n1,c,\n1,a,\n2,x,\n1,d,\n")
	s.interrupted(t, path, 2, nil)
	killed(t, path)
	s.partnerSets(t, "1", "partner")
	if r, err := s.load(t, path, nil); err != nil || !r.GoneOn || r.Rows() != 7 {
		t.Fatalf("report %+v, error %v", r, err)
	}
	if got := s.names(t); got["1"] != "d" {
		t.Errorf("%v, want what the last row states", got)
	}
}

// TestRun_NotesWhatItSends before it does, whatever it notes beside that.
func TestRun_NotesWhatItSends(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(400, true))
	s.before = func(n int) error {
		lines := strings.Split(strings.TrimSpace(readFile(t, path+".refused.csv.progress")), "\n")
		var last note
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
			t.Error(err)
		}
		if int64(3*n)+2 > last.SentTo || len(lines) > 1+400/(3*chunksAhead) {
			t.Errorf("transaction %d: %d notes, the last is %+v", n, len(lines), last)
		}
		return nil
	}
	now := time.Now()
	s.wants(t, path, func(o *Options) { o.Now = func() time.Time { return now } }, Counts{Created: 400})
}
