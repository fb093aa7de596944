//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

// followJob tells the following process what to send, over one connection: a submission, and then the question for its
// status, again and again, until it has succeeded. It answers with a result whose latencies are from one to the other.
type followJob struct {
	Address       string  `json:"address"`
	Create        string  `json:"create"` // request templates, see placeholderID
	Status        string  `json:"status"` // {uuid} stands for the submission
	WarmupSeconds float64 `json:"warmup_seconds"`
	Seconds       float64 `json:"seconds"`
	FirstNumber   int64   `json:"first_number"`
	ServerPID     int     `json:"server_pid"`
}

// measureFollow starts the contender, follows submissions one after the other and stops it.
func (b *bench) measureFollow(ctx context.Context, c contender, w workload) (s sample, err error) {
	server, err := c.start(ctx, w)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	status := w
	status.path, status.body = pathStatus, `{"submissionId":"`+placeholderUUID+`"}`
	err = runJSON(ctx, &s.Closed, followJob{
		Address: server.child.address, ServerPID: server.child.command.Process.Pid,
		Create:        requestText(w, server.child.address, server.credentials),
		Status:        requestText(status, server.child.address, server.credentials),
		WarmupSeconds: b.options.warmup / 2, Seconds: b.options.seconds / 2, FirstNumber: b.numbers.sequence,
	}, b.self, commandFollow)
	b.numbers.sequence += s.Closed.Sent
	return s, err
}

// follower is the connection of a followJob.
type follower struct {
	conn   net.Conn
	reader *bufio.Reader
	create template
	status template
	number int64
}

func runFollow(ctx context.Context, j followJob) (r result, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", j.Address)
	if err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	f := follower{
		conn: conn, reader: bufio.NewReader(conn), number: j.FirstNumber,
		create: parseTemplate(j.Create, nil), status: parseTemplate(j.Status, []string{""}),
	}
	processor := meter{server: j.ServerPID}
	if err := processor.start(0); err != nil {
		return result{}, err
	}
	start := time.Now()
	timing := newStopwatch(j.WarmupSeconds, j.Seconds)
	for timing.running() && ctx.Err() == nil {
		began := time.Now()
		if err := f.one(); err != nil {
			return result{}, err
		}
		timing.lap(began, 1)
	}
	if err := processor.stop(int64(time.Since(start))); err != nil {
		return result{}, err
	}
	r, err = timing.result()
	r.Sent = f.number - j.FirstNumber
	r.ServerCPU, r.GeneratorCPU, r.OtherCPU, r.RSS = processor.used.server, processor.used.own, processor.used.others(), processor.rss
	return r, err
}

// one sends a submission and returns when it has succeeded.
func (f *follower) one() error {
	f.create.fill(f.create.bytes, firstID+f.number, f.number)
	f.number++
	var accepted struct {
		ID string `json:"submissionId"`
	}
	if err := f.ask(f.create.bytes, &accepted); err != nil {
		return err
	}
	if len(accepted.ID) != uuidLength {
		return fmt.Errorf("%q is no submission's id", accepted.ID)
	}
	f.status.values[0] = accepted.ID
	f.status.fill(f.status.bytes, 0, 0)
	for ; ; time.Sleep(followPause) {
		var state struct {
			Status string `json:"status"`
		}
		switch err := f.ask(f.status.bytes, &state); {
		case err != nil:
			return err
		case state.Status == statusSucceeded:
			return nil
		case state.Status == statusFailed:
			return errors.New("a submission failed")
		}
	}
}

const (
	// followPause keeps the questions from taking the processor that the submission needs; it is a fraction of a commit.
	followPause = 100 * time.Microsecond
	followLimit = 20 * time.Second // for one exchange
)

func (f *follower) ask(request []byte, output any) error {
	if err := f.conn.SetDeadline(time.Now().Add(followLimit)); err != nil {
		return err
	}
	if _, err := f.conn.Write(request); err != nil {
		return err
	}
	response, err := http.ReadResponse(f.reader, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %.300s", response.StatusCode, body)
	}
	return json.Unmarshal(body, output)
}
