//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"
)

// copied is a table that a million customers are brought to by COPY, in CSV.
type copied struct {
	copy string
	line func(w io.Writer, n, id int64)
}

const copyDate = "2026-11-22 10:00:00Z"

// ceilingCopy is the table of PostgreSQL's other ceilings.
var ceilingCopy = []copied{{"COPY customer FROM STDIN (FORMAT csv)", func(w io.Writer, n, id int64) {
	fmt.Fprintf(w, "1,%d,%d,c%010d@example.com,+1585555%04d,John,Doe,192.0.2.10,1,"+copyDate+","+copyDate+"\n", n, id, n, id%10_000)
}}}

// bookCopy is what an import writes of a customer: the customer, its change, and its place in the list by last update.
var bookCopy = []copied{
	{
		`COPY customer (project_id, id, external_id, first_name, last_name, email, phone, ip, email_normal, phone_e164, flags, source,
		credential_id, version, created_at, updated_at) FROM STDIN (FORMAT csv)`,
		func(w io.Writer, n, id int64) {
			fmt.Fprintf(w, "1,%d,%d,John,Doe,c%010[3]d@example.com,+1585555%04[4]d,192.0.2.10,c%010[3]d@example.com,+1585555%04[4]d,32,import,0,1,"+
				copyDate+","+copyDate+"\n", n, id, n, id%10_000)
		},
	},
	{
		"COPY customer_update (project_id, at, customer_id) FROM STDIN (FORMAT csv)",
		func(w io.Writer, n, _ int64) { fmt.Fprintf(w, "1,"+copyDate+",%d\n", n) },
	},
	{
		"COPY change (project_id, subject, subject_id, action, new_values, dialect, credential_id, request_id, at) FROM STDIN (FORMAT csv)",
		func(w io.Writer, n, id int64) {
			fmt.Fprintf(w, `1,customer,%d,created,"{""external_id"":""%d"",""first_name"":""John"",""last_name"":""Doe"",""email"":""c%010d@example.com"",`+
				`""phone"":""+1585555%04d"",""ip"":""192.0.2.10""}",import,0,import-2c3cbb8e-8dc6-418f-9253-9879234d711f,`+copyDate+"\n", n, id, n, id%10_000)
		},
	},
}

// measureCopy loads the customers by COPY into one table.
func (b *bench) measureCopy(ctx context.Context) (s sample, err error) {
	cluster, err := b.postgres(ctx)
	if err != nil {
		return sample{}, err
	}
	database, drop, err := cluster.createCeiling(ctx, 0)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return b.copyInto(ctx, cluster, database, ceilingCopy)
}

// measureBookCopy loads the customers by COPY into the tables of an empty book.
func (b *bench) measureBookCopy(ctx context.Context) (sample, error) {
	return b.onNewDatabase(ctx, func(c *cluster, database string) (sample, error) {
		var project struct{}
		if err := b.command(ctx, place{"--database-url", c.url(database)}, &project, "project", "create", "bench"); err != nil {
			return sample{}, err
		}
		return b.copyInto(ctx, c, database, bookCopy)
	})
}

// copyInto copies into each of the tables, one after the other.
func (b *bench) copyInto(ctx context.Context, cluster *cluster, database string, tables []copied) (s sample, err error) {
	files := make([]*os.File, len(tables))
	for i, table := range tables {
		var path string
		if path, err = b.csvFile("", 0, b.imported(), table.line); err != nil {
			return sample{}, err
		}
		defer func() { err = errors.Join(err, os.Remove(path)) }()
		if files[i], err = os.Open(path); err != nil {
			return sample{}, err
		}
		defer func() { err = errors.Join(err, files[i].Close()) }()
	}
	conn, err := pgx.Connect(ctx, cluster.url(database))
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return measureOnce(b.imported(), cluster.command.Process.Pid, func() error {
		for i, table := range tables {
			tag, err := conn.PgConn().CopyFrom(ctx, files[i], table.copy)
			if err == nil && tag.RowsAffected() != b.imported() {
				err = fmt.Errorf("COPY took %d rows", tag.RowsAffected())
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
