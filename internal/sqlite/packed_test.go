package sqlite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

// hardTexts are texts that JSON spells otherwise, or that look like JSON.
var hardTexts = []string{
	"", "plain", `"`, `\`, `\"`, `"],[`, `\\`, "null", "1", "[]", "a,b", "\x00", "\x01\x1f\x7f", "\b\f\n\r\t", "/", "é", "日本", "😀",
	"\u2028", "\ufffd", `\u0041`, `ends in \`, strings.Repeat(`x"\`, 300), strings.Repeat("long ", 2000),
}

// TestLoadCustomers_AsTheyWereStored reads customers packed and column by column: each text in each column, and missing ones.
func TestLoadCustomers_AsTheyWereStored(t *testing.T) {
	s, project := newStore(t)
	var writes []clientele.Write
	var externalIDs []string
	for i := range hardTexts {
		at := time.UnixMicro(int64(i)*1_000_003 - 5_000_000).UTC() // also before 1970
		w := clientele.Write{ProjectID: project, At: at, Customer: &clientele.CustomerWrite{Mode: clientele.CreateCustomer}}
		for f := range clientele.FieldType + 1 {
			if (i+int(f))%5 > 0 {
				w.Customer.Patch.Put(f, clientele.Some(hardTexts[(i+int(f))%len(hardTexts)]+fmt.Sprint(" ", i)[:i%2*2]))
			}
		}
		externalIDs = append(externalIDs, fmt.Sprint("id ", i, hardTexts[i]))
		w.Customer.Patch.Put(clientele.FieldExternalID, clientele.Some(externalIDs[i]))
		w.Customer.Patch.Put(clientele.FieldExternalNumber, clientele.Some(fmt.Sprint("number ", i, hardTexts[i])))
		w.Customer.Patch.Flags = clientele.Flags(i)
		for n := range i % 3 {
			a := clientele.Address{IsDefaultBilling: n == 0, IsDefaultShipping: n == 1}
			for j, text := range a.Texts() {
				if (i+j)%4 > 0 {
					*text.Text = clientele.Some(hardTexts[(i+j+n)%len(hardTexts)])
				}
			}
			w.Customer.Addresses = append(w.Customer.Addresses, a)
		}
		writes = append(writes, w)
	}
	outcomes, err := s.Commit(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	ids := []int64{9_999}
	var want []clientele.Customer
	for i, o := range outcomes {
		if o.SubjectID == 0 {
			t.Fatalf("outcome %+v", o)
		}
		c, err := s.FindCustomerByExternalID(t.Context(), project, externalIDs[i])
		if err != nil {
			t.Fatal(err)
		}
		ids, want = append(ids, c.ID), append(want, c)
	}
	got, err := s.LoadCustomers(t.Context(), project, append(ids, 8_888))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("customers (-column by column +packed):\n%s", diff)
	}
	if other, err := s.LoadCustomers(t.Context(), project+1, ids); err != nil || len(other) > 0 {
		t.Errorf("another project has %d of them, %v", len(other), err)
	}
}

// TestPacked_RefusesWhatIsNoRow holds that a row which is not as expected is an error, never a panic or a wrong value.
func TestPacked_RefusesWhatIsNoRow(t *testing.T) {
	whole := `[7,"a \"b\"",null,"c",1700000000000000,null]`
	read := func(row string) (n int64, texts [3]clientele.Text, times [2]time.Time, err error) {
		p := unpack(row)
		n = p.number()
		for i := range texts {
			p.text(&texts[i])
		}
		times[0], times[1] = p.instant(), p.instant()
		return n, texts, times, p.end()
	}
	n, texts, times, err := read(whole)
	wantTexts := [3]clientele.Text{clientele.Some(`a "b"`), {}, clientele.Some("c")}
	if err != nil || n != 7 || texts != wantTexts || times != [2]time.Time{time.UnixMicro(1_700_000_000_000_000).UTC(), {}} {
		t.Errorf("%s: %d, %v, %v, %v", whole, n, texts, times, err)
	}
	for cut := range len(whole) {
		if _, _, _, err := read(whole[:cut]); err == nil {
			t.Errorf("%q is taken for a row", whole[:cut])
		}
	}
	for _, row := range []string{
		`["7","a",null,"c",1,null]`, `[7,8,null,"c",1,null]`, `[7,"a",null,"c",1,null,2]`, `[7,"a",null,"c","1",null]`, `[7.5,"a",null,"c",1,null]`,
		`[,"a",null,"c",1,null]`, `{"a":1}`, `[]`, `null`,
	} {
		if _, _, _, err := read(row); err == nil {
			t.Errorf("%s is taken for a row", row)
		}
	}
}
