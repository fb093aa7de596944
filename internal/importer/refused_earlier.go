package importer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"clientele"

	"golang.org/x/sys/unix"
)

// signatureName is the extended attribute of a file of refused rows that tells which import they are of, and what they were when it had
// ended. It goes where the file goes, and needs no other file beside it. Where there are no such attributes, every file counts as changed.
const signatureName = "user.clientele.refused"

// signer signs the files of one import, and knows those that it may replace: what was in them comes again.
type signer struct {
	// owner tells an import from others; "" where nobody may replace its file, since its rows are nowhere else.
	owner  string
	dryRun bool
}

// signerOf takes a file's rows for those of the same import when file, book and project are the same.
func signerOf(r *run) signer {
	s := signer{dryRun: r.DryRun}
	path, err := filepath.Abs(r.Name)
	if err == nil && (r.regular || r.DryRun) { // a pipe has other rows the next time
		owner := sha256.Sum256([]byte(strings.Join([]string{r.Book, r.Project, path}, "\x00")))
		s.owner = hex.EncodeToString(owner[:])
	}
	return s
}

// of returns the signature under a file's content.
func (s signer) of(content hash.Hash) string {
	kind := "import "
	if s.dryRun {
		kind = "dry run "
	}
	return kind + s.owner + " " + hex.EncodeToString(content.Sum(nil))
}

// mayReplace reports whether a signature says that the file has rows of the same import as it had written them. A dry run replaces those
// of a dry run only: it does not know all that an import refuses.
func (s signer) mayReplace(signature string, content hash.Hash) bool {
	if s.owner == "" {
		return false
	}
	return signature == signer{s.owner, true}.of(content) || !s.dryRun && signature == s.of(content)
}

// sign signs the file, if that is possible there.
func (f *refusals) sign() {
	if f.signer.owner != "" {
		_ = unix.Fsetxattr(int(f.file.Fd()), signatureName, []byte(f.signer.of(f.sum)), 0)
	}
}

func signatureOf(file *os.File) string {
	b := make([]byte, 256) // more than there is in one
	n, err := unix.Fgetxattr(int(file.Fd()), signatureName, b)
	if err != nil {
		return ""
	}
	return string(b[:n])
}

// begin sees to it that nothing is in the file's place, and takes nothing away but what comes again: another file of refused rows is
// renamed, and aside is its new name. What is no such file stays, and the error says so. A dry run leaves all where it is.
func (f *refusals) begin() (aside string, err error) {
	replaceable, err := f.isReplaceable(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case clientele.KindOf(err) == clientele.KindConflict: // which says it
		return "", err
	case err != nil:
	case f.signer.dryRun:
		return "", nil
	case replaceable:
		err = os.Remove(f.path)
	default:
		aside, err = setAside(f.path)
	}
	if err != nil {
		return aside, fmt.Errorf("file of refused rows: %w", err)
	}
	return aside, nil
}

// findPlace gives the refused rows of a dry run the first name that is free, or whose file may be replaced.
func (f *refusals) findPlace() error {
	first := f.path
	for n := 1; ; n++ {
		replaceable, err := f.isReplaceable(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil && clientele.KindOf(err) != clientele.KindConflict:
			return err
		case replaceable:
			return os.Remove(f.path)
		}
		f.path = numbered(first, n)
	}
}

// isReplaceable reports whether nothing is lost with a file. The error is of kind conflict when it is none of refused rows, or another
// import writes it.
func (f *refusals) isReplaceable(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return false, conflict("%s is no file: name one for refused rows with --refused", path)
	}
	if err != nil {
		return false, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false, err
	}
	defer file.Close() // it is only read
	if err := unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return false, conflict("another import is writing its refused rows into %s: name another file with --refused", path)
	}
	return f.mayReplace(file)
}

func (f *refusals) mayReplace(file *os.File) (bool, error) {
	head := make([]byte, headBytes)
	n, err := io.ReadFull(file, head)
	switch {
	case errors.Is(err, io.EOF): // it is empty
		return true, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return false, err
	case !hasRefused(head[:n]):
		return false, conflict("%s is there and is no file of refused rows: name another file for them with --refused, or move that one away", file.Name())
	}
	content := sha256.New()
	content.Write(head[:n])
	if _, err := io.Copy(content, file); err != nil {
		return false, err
	}
	return f.signer.mayReplace(signatureOf(file), content), nil
}

// hasRefused reports whether the first line of a file has what those of refused rows begin with, in whatever order and between whatever
// delimiters: somebody may have had it in a spreadsheet.
func hasRefused(head []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, "\ufeff \t\r\n"), []byte("\n"))
	names := plain(string(line))
	return strings.Contains(names, plain(columnRefusedLine)) && strings.Contains(names, plain(columnRefusedReason))
}

// setAside gives a file a name that is free and returns it: a.refused.csv becomes a.refused.1.csv.
func setAside(path string) (string, error) {
	for n := 1; ; n++ {
		free := numbered(path, n)
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free, os.Rename(path, free)
		} else if err != nil {
			return "", err
		}
	}
}

// numbered returns another name of a file.
func numbered(path string, n int) string {
	extension := filepath.Ext(path)
	return fmt.Sprintf("%s.%d%s", strings.TrimSuffix(path, extension), n, extension)
}
