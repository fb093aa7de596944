//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// connection is one keep-alive connection of the generator, its request and the answer being read.
type connection struct {
	file       *os.File // keeps the descriptor open
	descriptor int
	request    []byte
	intended   int64 // when the request was meant to be sent, nanoseconds since the job began
	idleSince  int64 // when the last answer was complete, likewise
	answer     []byte
	filled     int
}

// dial connects and takes the descriptor away from Go's own poller.
func dial(address string, request []byte) (*connection, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	file, err := conn.(*net.TCPConn).File()
	if err != nil {
		return nil, fmt.Errorf("duplicate descriptor: %w", err)
	}
	descriptor := int(file.Fd())
	if err := unix.SetNonblock(descriptor, true); err != nil {
		return nil, errors.Join(fmt.Errorf("set non-blocking: %w", err), file.Close())
	}
	return &connection{
		file: file, descriptor: descriptor,
		request: slices.Clone(request), answer: make([]byte, 4096),
	}, nil
}

// send writes the request in one piece: the send buffer is empty whenever the last answer has arrived whole.
func (c *connection) send(intended int64) error {
	c.intended = intended
	n, err := writeNow(c.descriptor, c.request)
	if err != nil {
		return fmt.Errorf("send request: %w", err)
	}
	if n != len(c.request) {
		return fmt.Errorf("send request: only %d of %d bytes were taken", n, len(c.request))
	}
	return nil
}

// receive reads once and reports the answer's status when the answer is complete, its text in c.answer[:c.filled].
func (c *connection) receive() (status int, complete bool, err error) {
	if c.filled == len(c.answer) {
		c.answer = append(c.answer, make([]byte, len(c.answer))...)
	}
	n, err := readNow(c.descriptor, c.answer[c.filled:])
	if tryAgain(err) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read answer: %w", err)
	}
	if n == 0 {
		return 0, false, fmt.Errorf("server closed the connection after %d bytes of an answer", c.filled)
	}
	c.filled += n
	status, length, err := parseAnswer(c.answer[:c.filled])
	if err != nil || length == 0 {
		return 0, false, err
	}
	if length != c.filled {
		return 0, false, fmt.Errorf("%d bytes after the end of an answer", c.filled-length)
	}
	return status, true, nil
}
