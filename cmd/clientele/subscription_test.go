package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestSubscriptionList shows which subscriptions are disabled and why, and nothing secret of their addresses.
func TestSubscriptionList(t *testing.T) {
	t.Parallel()
	dir, _ := newBook(t)
	create := func(query string) string {
		return fmt.Sprint(command(t, "subscription", "create", "--project", "shop", "--url", "https://shop.example.com/events"+query,
			"--json", "--data-dir", dir).object(t)["id"])
	}
	plain, named := create(""), create("?token=s3cret&s3cret&n=s3cret=")
	command(t, "subscription", "disable", named, "--data-dir", dir).wants(t, exitOK)
	rows := map[string]string{}
	for line := range strings.Lines(command(t, "subscription", "list", "--data-dir", dir).wants(t, exitOK).stdout) {
		words := strings.Fields(line)
		rows[words[0]] = strings.Join(words[1:], " ")
	}
	for id, want := range map[string]string{
		"ID":  "PROJECT EVENT STATE DUE URL REASON",
		plain: "shop customer:changed active 0 https://shop.example.com/events -",
		named: "shop customer:changed disabled 0 https://shop.example.com/events?token=…&…&n=… disabled by command",
	} {
		if rows[id] != want {
			t.Errorf("the table has %q, want %q", rows[id], want)
		}
	}
	o := command(t, "subscription", "list", "--json", "--data-dir", dir).wants(t, exitOK)
	if strings.Contains(o.stdout, "s3cret") || !strings.Contains(o.stdout, "events?token=…") {
		t.Errorf("as JSON it prints %s", o.stdout)
	}
}
