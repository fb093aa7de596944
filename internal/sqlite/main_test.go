package sqlite

import (
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// lockDirEnv makes the test program a second server: it claims the directory, says so, and holds it until its input ends.
const lockDirEnv = "CLIENTELE_TEST_LOCK_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(lockDirEnv); dir != "" {
		if _, err := LockDir(dir); err != nil {
			fmt.Println("refused:", err)
			os.Exit(1)
		}
		fmt.Println("locked")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // without Unlock: the operating system lets go
	}
	goleak.VerifyTestMain(m)
}
