package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clientele/internal/sqlite"
)

// exportBook is a book with three customers, two of whom share an e-mail address.
func exportBook(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	command(t, "project", "create", "shop", "--data-dir", dir).wants(t, exitOK)
	invocation{
		args:  []string{"import", "-", "--project", "shop", "--format", "csv", "--data-dir", dir},
		stdin: "external_id,email,last_name\nx1,Ada@example.com,Lovelace\nx2,bob@example.com,Moss\nx3,BOB@example.com,Moss\nx4,bob@example.com.pl,Moss\n",
	}.run(t).wants(t, exitOK)
	return dir
}

// TestCustomerExport_Names: a customer is named in each of three ways, and what is printed is about it alone.
func TestCustomerExport_Names(t *testing.T) {
	dir := exportBook(t)
	for _, flags := range [][]string{{"--id", "1"}, {"--external-id", "x1"}, {"--email", "ADA@example.com"}} {
		o := command(t, append([]string{"customer", "export", "--project", "shop", "--data-dir", dir}, flags...)...).wants(t, exitOK)
		var v struct {
			Project  string
			Customer map[string]any
			Changes  []map[string]any
		}
		if err := json.Unmarshal([]byte(o.stdout), &v); err != nil || o.stderr != "" {
			t.Fatalf("customer export %v: %v %q", flags, err, o.stderr)
		}
		if v.Project != "shop" || v.Customer["external_id"] != "x1" || v.Customer["email"] != "Ada@example.com" || len(v.Changes) != 1 {
			t.Errorf("customer export %v: %+v", flags, v)
		}
		if strings.Contains(o.stdout, "Moss") {
			t.Errorf("customer export %v tells of somebody else: %s", flags, o.stdout)
		}
	}
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log := auditLog(t, s)
	if len(log) != 3 || log[0].Action != "customer.export" || log[0].Subject != "customer 1" || log[0].ProjectID != 1 || log[0].Operator != commandOperator {
		t.Errorf("the audit log tells of %+v", log)
	}
}

// TestCustomerExport_File is readable by its owner only, and replaces no other.
func TestCustomerExport_File(t *testing.T) {
	dir := exportBook(t)
	file := filepath.Join(t.TempDir(), "x1.json")
	args := []string{"customer", "export", "--project", "shop", "--id", "1", "--output", file, "--data-dir", dir}
	if o := command(t, args...).wants(t, exitOK); o.stdout != "" || !strings.Contains(o.stderr, "customer 1 of shop to "+file) {
		t.Errorf("customer export prints %q and %q", o.stdout, o.stderr)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file: %v %v", info, err)
	}
	content, err := os.ReadFile(file)
	if err != nil || !json.Valid(content) || !strings.Contains(string(content), "Lovelace") {
		t.Errorf("the file holds %s (%v)", content, err)
	}
	if o := command(t, args...).wants(t, exitFailed); !strings.Contains(o.stderr, "exists already") {
		t.Errorf("a second export says %q", o.stderr)
	}
}

// TestCustomerExport_Refusals say what is wrong, and name no e-mail address.
func TestCustomerExport_Refusals(t *testing.T) {
	dir := exportBook(t)
	for _, c := range []struct {
		flags  []string
		status int
		says   string
	}{
		{[]string{"--project", "shop"}, exitUsage, "one of --id, --external-id and --email"},
		{[]string{"--project", "shop", "--id", "1", "--external-id", "x1"}, exitUsage, "one of --id, --external-id and --email"},
		{[]string{"--project", "shop", "--id=-1"}, exitUsage, "one of --id"},
		{[]string{"--id", "1"}, exitUsage, "--project"},
		{[]string{"--project", "shop", "--id", "77"}, exitFailed, "there is no such customer"},
		{[]string{"--project", "shop", "--external-id", "X1"}, exitFailed, "there is no such customer"},
		{[]string{"--project", "shop", "--email", "nobody@example.com"}, exitFailed, "there is no such customer"},
		{[]string{"--project", "shop", "--email", "ada@"}, exitFailed, "there is no such customer"},
		{[]string{"--project", "other", "--id", "1"}, exitFailed, "no project"},
		{[]string{"--project", "shop", "--email", "bob@example.com"}, exitFailed, "2 customers have this e-mail address: name one with --id: 3 2"},
	} {
		o := command(t, append([]string{"customer", "export", "--data-dir", dir}, c.flags...)...).wants(t, c.status)
		if !strings.Contains(o.stderr, c.says) || o.stdout != "" || strings.Contains(o.stderr, "bob@") {
			t.Errorf("customer export %v says %q and prints %q, want %q", c.flags, o.stderr, o.stdout, c.says)
		}
	}
}

// TestCustomerErase_AsksFirst: without a yes and without a terminal nothing is erased, and what would go is said; with it the
// record is printed, once.
func TestCustomerErase_AsksFirst(t *testing.T) {
	dir := exportBook(t)
	args := []string{"customer", "erase", "--project", "shop", "--settle", "0s", "--data-dir", dir, "--email", "ADA@example.com"}
	o := command(t, args...).wants(t, exitFailed)
	if !strings.Contains(o.stderr, "Customer 1 of shop goes for good, with 0 addresses, the values of 1 changes") || !strings.Contains(o.stderr, "give --yes") {
		t.Errorf("customer erase says %q", o.stderr)
	}
	command(t, "customer", "export", "--project", "shop", "--id", "1", "--data-dir", dir).wants(t, exitOK)
	v := command(t, append(args, "--yes", "--json")...).object(t)
	if v["customer"] != 1.0 || v["changes"] != 1.0 || v["askedBy"] != "command" || v["at"] == "" {
		t.Errorf("customer erase --json: %v", v)
	}
	for _, flags := range [][]string{{"--id", "1"}, {"--external-id", "x1"}, {"--email", "ada@example.com"}} {
		o := command(t, append([]string{"customer", "erase", "--yes", "--project", "shop", "--data-dir", dir}, flags...)...).wants(t, exitFailed)
		if !strings.Contains(o.stderr, "customer 1 was erased at 20") || strings.Contains(o.stderr, "ada@") {
			t.Errorf("customer erase %v a second time says %q", flags, o.stderr)
		}
	}
	o = command(t, "customer", "erase", "--yes", "--project", "shop", "--email", "bob@example.com", "--data-dir", dir).wants(t, exitFailed)
	if !strings.Contains(o.stderr, "2 customers have this e-mail address") {
		t.Errorf("customer erase of two says %q", o.stderr)
	}
	o = command(t, "customer", "erasures", "--project", "shop", "--data-dir", dir).wants(t, exitOK)
	if lines := strings.Split(strings.TrimSpace(o.stdout), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[1], "1 ") || !strings.HasSuffix(lines[1], "-") {
		t.Errorf("customer erasures prints %q", o.stdout)
	}
	command(t, "verify", "--data-dir", dir).wants(t, exitOK)
}

// TestImport_TellsWhoComesBack: an import that brings back somebody who was erased says so, in words and as JSON.
func TestImport_TellsWhoComesBack(t *testing.T) {
	dir := exportBook(t)
	load := func(rows string, more ...string) outcome {
		return invocation{
			args:  append([]string{"import", "-", "--project", "shop", "--format", "csv", "--data-dir", dir}, more...),
			stdin: "external_id,email,last_name\n" + rows,
		}.run(t).wants(t, exitOK)
	}
	for _, id := range []string{"1", "2"} {
		command(t, "customer", "erase", "--yes", "--project", "shop", "--settle", "0s", "--data-dir", dir, "--id", id).wants(t, exitOK)
	}
	o := load("x1,new@example.com,Lovelace\nx9,nobody@example.com,Moss\n")
	if !strings.Contains(o.stdout, ": 2 created, 0 updated, 0 unchanged, 0 refused.\nOf those created 1 had been erased: clientele customer erasures --project shop lists") {
		t.Errorf("import prints %q", o.stdout)
	}
	if v := load("x10,BOB@example.com,Moss\n", "--json").object(t); v["created"] != 1.0 || v["returned"] != 1.0 {
		t.Errorf("import --json: %v", v)
	}
	if o := load("x11,other@example.com,Moss\n"); strings.Contains(o.stdout, "erased") {
		t.Errorf("an import of nobody who was erased prints %q", o.stdout)
	}
	list := command(t, "customer", "erasures", "--project", "shop", "--data-dir", dir).wants(t, exitOK).stdout
	if strings.Count(list, " at 20") != 2 {
		t.Errorf("customer erasures prints\n%s", list)
	}
}
