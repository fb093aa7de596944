package dialecttest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

// flagNames are the names of a customer's flags in the cases.
var flagNames = []struct {
	flag clientele.Flags
	name string
}{
	{clientele.EmailInvalid, "email_invalid"},
	{clientele.PhoneInvalid, "phone_invalid"},
	{clientele.AltPhoneInvalid, "alt_phone_invalid"},
	{clientele.VATInvalid, "vat_invalid"},
	{clientele.IPInvalid, "ip_invalid"},
	{clientele.IPPrivate, "ip_private"},
}

// customerLines returns a customer as the cases write it: one line for each thing that it has.
func customerLines(c *clientele.Customer) []string {
	lines := []string{fmt.Sprintf("id: %d", c.ID)}
	text := func(name string, t clientele.Text) {
		if t.Valid {
			lines = append(lines, name+": "+string(t.AppendJSON(nil)))
		}
	}
	for f := range clientele.AllFields.All {
		text(f.String(), *c.Of(f))
	}
	text("email_normal", c.EmailNormal)
	text("phone_e164", c.PhoneE164)
	text("alt_phone_e164", c.AltPhoneE164)
	text("vat_normal", c.VATNormal)
	var flags []string
	for _, f := range flagNames {
		if c.Flags.Has(f.flag) {
			flags = append(flags, f.name)
		}
	}
	if len(flags) > 0 {
		lines = append(lines, "flags: "+strings.Join(flags, " "))
	}
	lines = append(lines, "source: "+string(c.Source), fmt.Sprintf("version: %d", c.Version))
	for i := range c.Addresses {
		a := &c.Addresses[i]
		prefix := fmt.Sprintf("addresses[%d].", i)
		for _, t := range a.Texts() {
			text(prefix+t.Name, *t.Text)
		}
		if a.IsDefaultBilling {
			lines = append(lines, prefix+"is_default_billing: true")
		}
		if a.IsDefaultShipping {
			lines = append(lines, prefix+"is_default_shipping: true")
		}
	}
	return lines
}

// stepCustomer holds the customer in the book against the lines of a case.
func stepCustomer(ctx context.Context, s *Server, args, want string) error {
	key, project, err := s.keyAndProject(args)
	if err != nil {
		return err
	}
	c, err := s.Store.FindCustomerByExternalID(ctx, project, key)
	if err != nil {
		return fmt.Errorf("customer %q of project %d: %w", key, project, err)
	}
	got, wanted := customerLines(&c), linesOf(want)
	if !strings.HasPrefix(want, "id: ") {
		got = got[1:]
	}
	if err := s.CompareLines(wanted, got); err != nil {
		return fmt.Errorf("customer %q of project %d: %w", key, project, err)
	}
	return nil
}

// CompareLines reports in which lines got is not what the templates in want say.
func (s *Server) CompareLines(want, got []string) error {
	want = slices.Clone(want)
	for i := range min(len(want), len(got)) {
		line, err := parseTemplate(want[i])
		if err != nil {
			return err
		}
		ok, err := line.match(got[i], s.Vars)
		if err != nil {
			return err
		}
		if ok {
			want[i] = got[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("differs (-want +got):\n%s", diff)
	}
	return nil
}

func stepNoCustomer(ctx context.Context, s *Server, args, _ string) error {
	key, project, err := s.keyAndProject(args)
	if err != nil {
		return err
	}
	_, err = s.Store.FindCustomerByExternalID(ctx, project, key)
	if clientele.KindOf(err) != clientele.KindNotFound {
		return fmt.Errorf("customer %q of project %d: error %v, want that there is none", key, project, err)
	}
	return nil
}

// keyAndProject reads "KEY [of PROJECT]".
func (s *Server) keyAndProject(args string) (key string, project int64, err error) {
	before, id, found := strings.Cut(args, " of ")
	if !found {
		return args, s.Project, nil
	}
	project, err = strconv.ParseInt(id, 10, 64)
	return before, project, err
}

// linesOf returns the lines of s that are not blank.
func linesOf(s string) []string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
