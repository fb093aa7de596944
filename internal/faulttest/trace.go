package faulttest

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The system calls that change files, and those that say which file is meant; the ones with a question mark are not there on
// every machine. What else could change a file (mmap apart, by which SQLite shares its index of the log, which is made anew
// after a crash) is in it to be refused: see parse.
const tracedCalls = "pread64,openat,?open,?creat,close,?dup,?dup2,dup3,pwrite64,pwritev,?pwritev2,write,writev,fsync,fdatasync," +
	"sync_file_range,ftruncate,truncate,fallocate,copy_file_range,?unlink,unlinkat,?rename,?renameat,renameat2,?mkdir,mkdirat," +
	"?rmdir,?link,linkat,?symlink,symlinkat"

// Tracer returns the words by which strace runs a program and writes what it does to files into log. More are strace's own:
// injected faults, or that it filters in the kernel, which is faster and lasts as long as the program. The program is the child
// itself, so that signals reach it.
func Tracer(log string, more ...string) []string {
	return append([]string{
		"strace", "-D", "-I", "2", "-f", "-q", "-xx", "-s", "1000000", "-e", "signal=none", "-e", "trace=" + tracedCalls, "-o", log,
	}, append(more, "--")...)
}

// filtered is the word for the fast way.
const filtered = "--seccomp-bpf"

// Recording is what a program did, in the order in which its system calls ended; of close, in which they began.
type Recording struct {
	events []event
	// answers are the requests that it answered, by the line in which that began: a caller may have heard an answer although
	// the call has not ended.
	answers []answered
	// injected counts the calls that failed by an injected fault.
	injected int
}

// event is one system call.
type event struct {
	call string
	// args are as they were printed, texts as they are.
	args   []string
	result int64
	failed bool
	// end is the number of the line in which it ended.
	end int
}

type answered struct {
	request string
	line    int
}

var (
	wholeCall   = regexp.MustCompile(`^(\w+)\((.*)\) += (-?\d+|\?)`)
	resumedCall = regexp.MustCompile(`^<\.\.\. (\w+) resumed>(.*)$`)
)

// begun is a call that has begun and not ended, and the line in which it did.
type begun struct {
	text string
	line int
}

// ReadRecording reads what strace wrote. Calls that did not end are not in it.
func ReadRecording(log string) (*Recording, error) {
	f, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, unfinished := &Recording{}, map[string]begun{}
	in := bufio.NewReaderSize(f, 1<<20)
	for n := 0; ; n++ {
		line, err := in.ReadString('\n')
		if err == io.EOF {
			return r, nil // what is left was cut off
		} else if err != nil {
			return nil, err
		}
		pid, text, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		b := begun{strings.TrimLeft(text, " "), n}
		if found := resumedCall.FindStringSubmatch(b.text); found != nil {
			if found[1] == "close" {
				continue
			}
			b = begun{unfinished[pid].text + found[2], unfinished[pid].line}
		} else if head, ok := strings.CutSuffix(b.text, " <unfinished ...>"); ok {
			if !strings.HasPrefix(head, "close(") {
				unfinished[pid] = begun{head, n}
				continue
			}
			b.text = head + ") = 0" // its number may be another thread's before strace tells of its end
		}
		if strings.HasSuffix(b.text, " (INJECTED)") {
			r.injected++
		}
		if err := r.add(b, n); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", log, n+1, err)
		}
	}
}

// add adds a call. What is none is a signal, an end, or a call that the end cut short.
func (r *Recording) add(b begun, end int) error {
	found := wholeCall.FindStringSubmatch(b.text)
	if found == nil || found[3] == "?" {
		return nil
	}
	result, err := strconv.ParseInt(found[3], 10, 64)
	if err != nil {
		return err
	}
	e := event{found[1], strings.Split(found[2], ", "), result, result < 0, end}
	if e.call == "pread64" {
		return nil // it is traced to be made to fail
	}
	for i, arg := range e.args {
		if e.args[i], err = decode(arg); err != nil {
			return fmt.Errorf("%s: %w", e.call, err)
		}
	}
	if e.call == "write" && !e.failed {
		if id := acknowledged(e.args[1]); id != "" {
			r.answers = append(r.answers, answered{id, b.line})
		}
		if fd := e.args[0]; fd == "1" || fd == "2" || strings.HasPrefix(e.args[1], "HTTP/1.1 ") {
			return nil
		}
	}
	r.events = append(r.events, e)
	return nil
}

// decode returns an argument; of a text what it says. With -xx each byte is \xHH, so that no comma is in it.
func decode(arg string) (string, error) {
	if !strings.HasPrefix(arg, `"`) {
		return arg, nil
	}
	if len(arg) < 2 || !strings.HasSuffix(arg, `"`) {
		return "", fmt.Errorf("%.40s is no whole text", arg)
	}
	text, err := hex.DecodeString(strings.ReplaceAll(arg[1:len(arg)-1], `\x`, ""))
	return string(text), err
}

func (e *event) number(i int) (int64, error) { return strconv.ParseInt(e.args[i], 0, 64) }

// acknowledged returns the request that a write to a connection answers, by its X-Request-Id; "" for any other write, and for
// answers that promise nothing.
func acknowledged(data string) string {
	status, is := strings.CutPrefix(data, "HTTP/1.1 ")
	if !is || strings.HasPrefix(status, "5") || strings.HasPrefix(status, "409") {
		return ""
	}
	_, id, found := strings.Cut(data, "X-Request-Id: ")
	if !found {
		return ""
	}
	id, _, _ = strings.Cut(id, "\r\n")
	return id
}

// moments draws so many steps: half of them anywhere, half where the log is written back to the file, or files come and go,
// which is seldom.
func (r *Recording) moments(random *rand.Rand, wanted int) map[int]bool {
	var seldom []int
	for i := range r.events {
		switch e := &r.events[i]; e.call {
		case "pwrite64":
			if at, err := e.number(3); err == nil && at%4096 == 0 && len(e.args[1]) == 4096 {
				seldom = append(seldom, i+1)
			}
		case "ftruncate", "unlink", "unlinkat", "mkdirat", "mkdir", "link", "linkat":
			seldom = append(seldom, i+1)
		}
	}
	at := map[int]bool{}
	for len(at) < min(wanted, len(r.events)) {
		if step := 1 + random.IntN(len(r.events)); len(seldom) == 0 || random.IntN(2) == 0 {
			at[step] = true
		} else {
			i := random.IntN(len(seldom))
			at[seldom[i]] = true
			seldom = slices.Delete(seldom, i, i+1)
		}
	}
	return at
}
