package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"clientele/internal/postgres/pgtest"
)

// TestRestore_Drill does what docs/operating.md shows, command by command, while partners write: everything that was acknowledged
// before the backup began is in the restored book, which is whole, and which a server serves and goes on writing.
func TestRestore_Drill(t *testing.T) {
	eachBook(t, func(t *testing.T, b *importBook) {
		d := &drill{t: t, dir: t.TempDir(), env: []string{"CLIENTELE_LISTEN=127.0.0.1:0"}}
		marker, restored := "clientele backup ", &importBook{d.dir + "/restored", &database{t: t, key: b.key}}
		if b.dir == "" {
			marker, restored.dir, restored.url = "pg_dump ", "", pgtest.Empty(t)
			d.env = append(d.env, b.env()[0], "RESTORED_URL="+restored.url)
		} else {
			d.env = append(d.env, "CLIENTELE_DATA_DIR="+b.dir)
		}
		lines := d.lines(marker)

		s := b.serve()
		w := &writers{s: s, key: b.key, journals: make([]journal, 4)}
		w.send(t, 25)
		l := startLoad(t, b.key, 4, func(_ *rand.Rand, n int64) string { return fmt.Sprint("meanwhile-", n%50) }, s)
		l.waitForAnswers(t, patience, 20)
		d.run(lines[0])
		l.waitForAnswers(t, patience, 20)
		l.stop()
		s.kill() // the machine is lost

		for _, line := range lines[1 : len(lines)-1] {
			d.run(line)
		}
		found := map[string]bool{}
		for _, c := range restored.rows(t).changes {
			found[c.requestID+" "+c.values["external_id"]] = c.action == "created"
		}
		for _, j := range w.journals {
			for _, e := range j {
				if e.status != 201 || !found[e.id+" "+e.key] {
					t.Errorf("request %s was answered %d before the backup, and is in it: %t", e.id, e.status, found[e.id+" "+e.key])
				}
			}
		}
		r := launch(t, d.dir, d.command(lines[len(lines)-1]))
		r.waitReady()
		r.ping(b.key).wants(t, 200, pongBody)
		r.entry(b.key, w.journals[0][0].body()).wants(t, 202, acceptedBody)
		r.entry(b.key, `{"customerId":"after","customerPhone":"+12125550100"}`).wants(t, 201, createdBody)
		r.stop()
		restored.rows(t).checkHistory(t)
		restored.wantWhole(t)
	})
}

// drill runs commands of a document in one directory.
type drill struct {
	t   *testing.T
	dir string
	env []string
}

// lines returns the commands of the block of docs/operating.md that begins so.
func (d *drill) lines(begin string) []string {
	d.t.Helper()
	for _, one := range blocksOf(d.t, "../../docs/operating.md") {
		if strings.HasPrefix(one.text, begin) {
			return strings.Split(strings.TrimSpace(one.text), "\n")
		}
	}
	d.t.Fatalf("docs/operating.md shows no commands that begin with %s", begin)
	return nil
}

// command returns a line as the shell runs it; what it starts takes the shell's place.
func (d *drill) command(line string) *exec.Cmd {
	cmd := program(d.env)
	at := strings.Index(line, "clientele serve") // exec takes no settings before it
	if at >= 0 {
		line = "export " + strings.TrimSpace("_=_ "+line[:at]) + "; exec " + line[at:]
	}
	cmd.Path, cmd.Args, cmd.Dir = "/bin/sh", []string{"sh", "-ec", line}, d.dir
	return cmd
}

func (d *drill) run(line string) {
	d.t.Helper()
	if out, err := d.command(line).CombinedOutput(); err != nil {
		d.t.Fatalf("%s: %v\n%s", line, err, out)
	}
}
