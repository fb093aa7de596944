package importer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
)

// TestRun_RefusedRowsAreMendedAndImported: what is refused is there as it was, is refused again as long as it is not mended,
// and looks the same then; mended it is taken.
func TestRun_RefusedRowsAreMendedAndImported(t *testing.T) {
	for _, tt := range []struct{ name, text, refused, again, mended string }{
		{
			"a.csv",
			"id;Vorname;external_number\n1;Ada;N1\n;\"B;en\";\n2;C\"leo;N2\n3;Dan\n4;Eva;N1\n5;J\xf6rg;\n",
			"refused_line;refused_reason;id;Vorname;external_number\n" +
				"3;the row has no external_id: give it one, or import it with --allow-without-id;;\"B;en\";\n" +
				"4;" + reasonQuotes + ";2;\"C\"\"leo\";N2\n" + // which mends it
				"5;the row has 2 values and the header 3;3;Dan\n" +
				"6;" + reasonNumberTaken + ";4;Eva;N1\n" +
				"7;" + reasonEncoding + ";5;J\xf6rg;\n",
			"2;the row has no external_id: give it one, or import it with --allow-without-id;;\"B;en\";\n",
			"refused_reason;id;Vorname;external_number;refused_line\nx;7;Ben;;1\n",
		},
		{
			"a.ndjson",
			"{\"id\":1,\"first_name\":\"Ada\",\"external_number\":\"N1\"}\n{ \"first_name\" : \"B\\u0065n\" }\n{}\n[2]\n{\"id\":2,\n{\"id\":4,\"external_number\":\"N1\"}\n",
			"{\"refused_line\":2,\"refused_reason\":\"the row has no external_id: give it one, or import it with --allow-without-id\",\"first_name\" : \"B\\u0065n\" }\n" +
				"{\"refused_line\":3,\"refused_reason\":\"the row states nothing\"}\n" +
				"{\"refused_line\":4,\"refused_reason\":\"" + reasonNotObject + "\",\"refused_row\":\"[2]\"}\n" +
				"{\"refused_line\":5,\"refused_reason\":\"the line is not valid JSON: unexpected EOF at position 9\",\"id\":2,\n" +
				"{\"refused_line\":6,\"refused_reason\":\"" + reasonNumberTaken + "\",\"id\":4,\"external_number\":\"N1\"}\n",
			"{\"refused_line\":2,\"refused_reason\":\"the row states nothing\"}\n",
			"{\"refused_line\":1,\"refused_reason\":\"x\",\"id\":\"7\",\"first_name\":\"Ben\"}\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			german := func(o *Options) { o.Columns = map[string]string{"Vorname": "first_name"} }
			path := writeFile(t, tt.name, tt.text)
			r := s.wants(t, path, german, Counts{Created: 1, Refused: 5})
			if got := readFile(t, r.RefusedFile); got != tt.refused {
				t.Fatalf("the refused rows are\n%s\nwant\n%s", got, tt.refused)
			}
			info, err := os.Stat(r.RefusedFile)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the refused rows have mode %v (%v)", info.Mode(), err)
			}
			if _, err := os.Stat(r.RefusedFile + ".progress"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the progress file is left behind: %v", err)
			}
			again, err := s.load(t, r.RefusedFile, german)
			if err != nil || !strings.Contains(readFile(t, again.RefusedFile), tt.again) || strings.Contains(readFile(t, again.RefusedFile), "refused_line;refused_reason;refused") {
				t.Errorf("refused again (%v):\n%s", err, readFile(t, again.RefusedFile))
			}
			mended := s.wants(t, writeFile(t, tt.name, tt.mended), german, Counts{Created: 1})
			if got := s.names(t); got["7"] != "Ben" || got["1"] != "Ada" {
				t.Errorf("customers %v", got)
			}
			if _, err := os.Stat(mended.RefusedFile); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a file of refused rows without one: %v", err)
			}
		})
	}
}

// TestRun_OneBadRowHarmsNoOther: the row at fault is found among its neighbours.
func TestRun_OneBadRowHarmsNoOther(t *testing.T) {
	s := newShop(t)
	bad := &faulty{shop: s}
	file, err := os.Open(writeFile(t, "a.csv", rows(20, true)))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := Run(t.Context(), bad, file, Options{Name: file.Name(), ProjectID: s.project, Lanes: 3, TransactionRows: 3})
	if err != nil || r.Created != 19 || r.Refused != 1 {
		t.Fatalf("report %+v, error %v", r, err)
	}
	if got, want := readFile(t, r.RefusedFile), "refused_line,refused_reason,id,first_name\n9,the book refuses the row,c007,n007\n"; got != want {
		t.Errorf("refused\n%s\nwant\n%s", got, want)
	}
}

type faulty struct{ *shop }

func (f *faulty) Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	for i := range writes {
		if writes[i].Customer.Patch.FirstName.V == "n007" {
			return nil, errors.New("a constraint")
		}
	}
	return f.shop.Commit(ctx, writes)
}

// TestRun_RowsOfOneCustomerKeepTheirOrder on several lanes.
func TestRun_RowsOfOneCustomerKeepTheirOrder(t *testing.T) {
	s := newShop(t)
	var b strings.Builder
	b.WriteString("id,first_name\n")
	for i := range 600 {
		fmt.Fprintf(&b, "c%d,n%d\n", i%7, i)
	}
	s.wants(t, writeFile(t, "a.csv", b.String()), func(o *Options) { o.Lanes = 4 }, Counts{Created: 7, Updated: 593})
	for id, name := range s.names(t) {
		var c, n int
		if _, err := fmt.Sscanf(id+" "+name, "c%d n%d", &c, &n); err != nil || n < 593 || n%7 != c {
			t.Errorf("customer %s ended as %s", id, name)
		}
	}
}

// TestRun_DryRun checks all and writes nothing.
func TestRun_DryRun(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true)+"too,many,values\n")
	r := s.wants(t, path, func(o *Options) { o.DryRun = true }, Counts{Checked: 19, Refused: 1})
	if s.commits != 0 || !strings.Contains(readFile(t, r.RefusedFile), "too,many,values") {
		t.Errorf("%d transactions; refused rows %s", s.commits, readFile(t, r.RefusedFile))
	}
}

// TestRun_FirstAddress is taken of a customer that is new.
func TestRun_FirstAddress(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", "id,street,house number,city,address_company\n1,Main Street, 7 ,Springfield,Ltd\n2,,,,\n")
	s.wants(t, path, nil, Counts{Created: 2})
	s.wants(t, path, nil, Counts{Unchanged: 2})
	c, err := s.FindCustomerByExternalID(t.Context(), s.project, "1")
	if err != nil || len(c.Addresses) != 1 || c.Addresses[0].Line1.V != "Main Street 7" || c.Addresses[0].City.V != "Springfield" || c.Addresses[0].Company.V != "Ltd" {
		t.Errorf("customer %+v, error %v", c, err)
	}
	changes, err := s.ListChanges(t.Context(), s.project, clientele.SubjectCustomer, c.ID)
	if err != nil || len(changes) != 1 || changes[0].Origin != (clientele.Origin{Dialect: clientele.ViaImport, RequestID: "run"}) {
		t.Errorf("history %+v, error %v", changes, err)
	}
	if c, err = s.FindCustomerByExternalID(t.Context(), s.project, "2"); err != nil || len(c.Addresses) != 0 {
		t.Errorf("customer %+v, error %v", c, err)
	}
}

// TestRun_TakesNoOtherFileAway: only a file of refused rows is replaced.
func TestRun_TakesNoOtherFileAway(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(3, true))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(t.TempDir(), "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	for refused, kind := range map[string]clientele.Kind{
		path: clientele.KindInvalid, link: clientele.KindInvalid, dangling: clientele.KindConflict, t.TempDir(): clientele.KindConflict,
	} {
		if _, err := s.load(t, path, func(o *Options) { o.Refused = refused }); clientele.KindOf(err) != kind {
			t.Errorf("refused rows into %s: %v", refused, err)
		}
		if _, err := os.Lstat(refused); err != nil {
			t.Error(err)
		}
	}
}

// TestColumns_AreInTheManual with every name that is understood.
func TestColumns_AreInTheManual(t *testing.T) {
	manual := readFile(t, "../../docs/operating.md")
	known := map[string]bool{}
	for _, m := range regexp.MustCompile("`([A-Za-z0-9_]+)`").FindAllStringSubmatch(manual, -1) {
		known[plain(m[1])] = true
	}
	for i := range numColumns {
		for _, name := range append([]string{plain(target(i).column().name)}, target(i).column().aliases...) {
			if !known[name] {
				t.Errorf("docs/operating.md does not name %s", name)
			}
		}
	}
}

// TestRun_InterruptedDoesNotBringBackTheErased: a run that goes on after a customer was erased is older than the erasure, and the
// customer's row is refused; a new run is not.
func TestRun_InterruptedDoesNotBringBackTheErased(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true))
	s.before = func(c int) error { return errorAt(c, 3, clientele.Unavailable("The disk is full", nil)) }
	if _, err := s.load(t, path, nil); clientele.KindOf(err) != clientele.KindUnavailable {
		t.Fatal(err)
	}
	s.before = nil
	var last clientele.Patch // somebody whose row was not reached is known from elsewhere, and erased
	last.Put(clientele.FieldExternalID, clientele.Some("c018"))
	o, err := s.Commit(t.Context(), []clientele.Write{{
		ProjectID: s.project, At: time.Now().UTC(), Customer: &clientele.CustomerWrite{Patch: last},
	}})
	if err != nil || o[0].Result != clientele.Created {
		t.Fatalf("%v %v", o, err)
	}
	s.erase(t, "c018")
	r, err := s.load(t, path, nil)
	if err != nil || !r.GoneOn || r.Refused != 1 || !strings.Contains(readFile(t, r.RefusedFile), "erased after this was sent") {
		t.Fatalf("report %+v, error %v", r, err)
	}
	if r, err = s.load(t, path, nil); err != nil || r.GoneOn || r.Refused != 0 || r.Created != 1 || r.Returned != 1 {
		t.Errorf("a new run: %+v, %v", r, err)
	}
}

// erase forgets a customer.
func (s *shop) erase(t *testing.T, externalID string) {
	t.Helper()
	c, err := s.FindCustomerByExternalID(t.Context(), s.project, externalID)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	if err := s.EnsureErasureKey(t.Context(), []byte("key"), now); err != nil {
		t.Fatal(err)
	}
	o, err := s.Store.Commit(t.Context(), []clientele.Write{{ProjectID: s.project, At: now, Erase: &clientele.EraseWrite{
		CustomerID: c.ID, AskedBy: clientele.AskedByCommand,
	}}})
	if err != nil || o[0].Result != clientele.Erased {
		t.Fatalf("%v %v", o, err)
	}
}

// TestRun_CountsWhoComesBack, once each, also when the run is interrupted behind some of them.
func TestRun_CountsWhoComesBack(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true))
	s.wants(t, path, nil, Counts{Created: 19})
	for _, id := range []string{"c000", "c001", "c009", "c018"} {
		s.erase(t, id)
	}
	s.commits = 0
	s.before = func(c int) error { return errorAt(c, 4, clientele.Unavailable("The disk is full", nil)) }
	if r, err := s.load(t, path, nil); clientele.KindOf(err) != clientele.KindUnavailable || r.Returned != 2 {
		t.Fatalf("interrupted: %+v, %v", r, err)
	}
	s.before = nil
	s.wants(t, path, nil, Counts{Created: 4, Returned: 4, Unchanged: 15})
	s.wants(t, path, nil, Counts{Unchanged: 19})
}

// TestRun_DatesWritesWhenTheyAreSent: no transaction is dated before the one that came before it in its lane had ended, nor one
// that is sent again at its first try. Who reads on from the newest date would miss it.
func TestRun_DatesWritesWhenTheyAreSent(t *testing.T) {
	s := newShop(t)
	moment := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	var clock sync.Mutex
	advance := func(int) error {
		clock.Lock()
		defer clock.Unlock()
		moment = moment.Add(time.Minute)
		return nil
	}
	s.after = advance
	s.wants(t, writeFile(t, "a.csv", rows(12, true)), func(o *Options) {
		o.Lanes = 1
		o.Now = func() time.Time {
			clock.Lock()
			defer clock.Unlock()
			return moment
		}
	}, Counts{Created: 12})
	list, err := s.ListPositions(t.Context(), clientele.CustomerQuery{ProjectID: s.project, Limit: 100})
	if err != nil || len(list) != 12 {
		t.Fatal(list, err)
	}
	for i, p := range list {
		if want := time.Date(2026, 11, 23, 9, i/3, 0, 0, time.UTC); !p.At.Equal(want) {
			t.Errorf("row %d is of %s, want %s", i+1, p.At, want)
		}
	}
}
