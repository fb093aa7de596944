package importer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"clientele"
)

// goOn continues the run that was interrupted.
func (r *run) goOn(ctx context.Context, file io.ReadSeeker) error {
	first, last := r.progress.first, r.progress.last
	if err := r.checkPlace(&first); err != nil {
		return err
	}
	if err := r.passOver(ctx, file, &last); err != nil {
		return err
	}
	reading := readingOf(r.input, &r.Options)
	if others := reading.differing(&first.Input.Reading); len(others) > 0 {
		return conflict("the import was interrupted with other options (%s), by which the rows so far were read: give those again, or %s",
			strings.Join(others, ", "), r.anew())
	}
	if r.AllowWithoutID && r.notedAt.Sub(last.At) > clientele.MaxIdempotencyAge-time.Hour {
		return conflict("the import was interrupted more than a day ago, and it is not known which of the next rows without external_id are in the book: %s", r.anew())
	}
	switch there, err := last.traces.areIn(ctx, r.store, r.ProjectID, first.Run); {
	case err != nil:
		return fmt.Errorf("look for what the interrupted import did: %w", err)
	case !there:
		return conflict("the book does not have what the interrupted import brought, since it is another one, or an older state of it was restored: "+
			"give --restart to import the file from its beginning%s", r.twice())
	}
	r.report = Report{
		Counts: last.Counts, Run: first.Run, RefusedFile: r.Refused, EarlierFile: first.EarlierFile, Aside: last.Aside, GoneOn: true,
	}
	r.since, r.traces, r.doubtfulTo = first.At, last.traces, last.SentTo
	return r.goOnRefused(&last)
}

// checkPlace refuses to go on with notes that cannot be understood, and in another place than the one they are about.
func (r *run) checkPlace(first *note) error {
	switch was := &first.Input; {
	case first.Version != notesVersion:
		return conflict("the import was interrupted under another version of Clientele, and it is not known whether the book has what it brought: "+
			"end it with that version, or give --restart to import the file from its beginning%s", r.twice())
	case was.Book != r.Book || was.Project != r.Project:
		return conflict("an import of this file into project %s of %s was interrupted: end it first, or give --restart to forget it", was.Project, was.Book)
	}
	return nil
}

// anew says what to do when a run cannot be gone on with and the book has what it did.
func (r *run) anew() string {
	if r.twice() == "" {
		return "give --restart to import the file from its beginning"
	}
	return fmt.Sprintf("import the rows from line %d on as a file of their own (of those before line %d some may be in the book), since --restart would create customers "+
		"of the rows without external_id before it once more", r.progress.last.Line, r.progress.last.SentTo)
}

// twice warns of what --restart does where rows without external id were let in.
func (r *run) twice() string {
	if !r.AllowWithoutID && !r.progress.first.Input.Reading.AllowWithoutID {
		return ""
	}
	return ", which creates customers once more of the rows without external_id that the book has"
}

// passOver goes to the place where the run was, if all before it is as it was. What comes behind it may have been mended.
func (r *run) passOver(ctx context.Context, file io.ReadSeeker, last *note) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	for left := last.Offset; left > 0; {
		n, err := io.CopyN(sum, file, min(left, passOverBytes))
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if left -= n; err != nil || ctx.Err() != nil {
			break
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if passed(sum) != last.Passed {
		return conflict("the file has changed in the rows before line %d, up to which its interrupted import had come: %s", last.Line, r.anew())
	}
	r.at, r.passedSum = last.position, last.Passed
	return r.input.goOn(file, r.at, sum)
}

// passOverBytes are read before it is asked again whether to go on.
const passOverBytes = 16 << 20

// goOnRefused continues the file of refused rows, and notes at once when it is another one now.
func (r *run) goOnRefused(last *note) error {
	aside, whole, err := r.refused.goOn(last.RefusedFile, last.RefusedNext)
	if err != nil || whole {
		return err
	}
	r.report.Aside.Rows = r.report.Refused
	if aside != "" {
		r.report.Aside.Files = append(slices.Clone(r.report.Aside.Files), aside)
	}
	return r.note()
}

func (r *run) announce(next mark) error {
	if r.progress == nil {
		return nil
	}
	return r.progress.announce(next)
}
