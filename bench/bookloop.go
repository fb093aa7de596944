//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"time"

	"clientele"
	"clientele/internal/sqlite"
)

// bookLoop writes customers into the tables of a book, by the driver alone.
type bookLoop struct {
	statements [len(bookRows)]*sql.Stmt
	project    int64
}

// bookRows are what an import writes of a customer: the customer, its change, and its place in the list by last update.
var bookRows = [...]string{
	`INSERT INTO customer (id, project_id, external_id, first_name, last_name, email, phone, ip, email_normal, phone_e164, flags, source,
		credential_id, version, created_at, updated_at, last_change)
		VALUES (?1, ?2, ?3, 'John', 'Doe', ?4, ?5, '192.0.2.10', ?4, ?5, 32, 'import', 0, 1, ?6, ?6, ?1)`,
	`INSERT INTO change (seq, project_id, subject, subject_id, action, new_values, dialect, credential_id, request_id, at, previous)
		VALUES (?1, ?2, 'customer', ?1, 'created', ?3, 'import', 0, 'import-2c3cbb8e-8dc6-418f-9253-9879234d711f', ?4, 0)`,
	"INSERT INTO customer_update (project_id, at, customer_id) VALUES (?2, ?3, ?1)",
}

// runBookLoop is runDriverLoop on an empty book: what the tables and indexes that Clientele keeps cost by themselves.
func runBookLoop(ctx context.Context, j loopJob) (r result, err error) {
	project, err := makeBook(ctx, j.Dir)
	if err != nil {
		return result{}, fmt.Errorf("make a book: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(j.Dir, sqlite.FileName)+loopPragmas)
	if err != nil {
		return result{}, fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	connection, err := db.Conn(ctx)
	if err != nil {
		return result{}, fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	book := &bookLoop{project: project}
	for i, statement := range bookRows {
		if book.statements[i], err = connection.PrepareContext(ctx, statement); err != nil {
			return result{}, fmt.Errorf("prepare insert: %w", err)
		}
		defer func() { err = errors.Join(err, book.statements[i].Close()) }()
	}
	loop := driverLoop{connection: connection, book: book, ids: idRange{Scattered: j.Scattered}, random: rand.New(rand.NewPCG(1, 1))}
	return loop.measure(ctx, j)
}

// makeBook makes an empty book with a project.
func makeBook(ctx context.Context, dir string) (project int64, err error) {
	s, err := sqlite.Open(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, _, err := s.Migrate(ctx); err != nil {
		return 0, err
	}
	p, err := s.CreateProject(ctx, clientele.Project{Name: "bench", CreatedAt: time.Now()})
	return p.ID, err
}

func (l *bookLoop) customer(ctx context.Context, n, id int64) error {
	now, external := time.Now().UnixMicro(), strconv.FormatInt(id, 10)
	email, phone := fmt.Sprintf("c%010d@example.com", n), fmt.Sprintf("+1585555%04d", id%10_000)
	written := `{"external_id":"` + external + `","first_name":"John","last_name":"Doe","email":"` + email + `","phone":"` + phone + `","ip":"192.0.2.10"}`
	_, err := l.statements[0].ExecContext(ctx, n, l.project, external, email, phone, now)
	if err == nil {
		_, err = l.statements[1].ExecContext(ctx, n, l.project, written, now)
	}
	if err == nil {
		_, err = l.statements[2].ExecContext(ctx, n, l.project, now)
	}
	if err != nil {
		return fmt.Errorf("insert customer: %w", err)
	}
	return nil
}
