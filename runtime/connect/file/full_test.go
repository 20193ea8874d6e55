//go:build linux

package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// small mounts a disk with room for size bytes.
func small(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("no disk can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A full disk is an error that may go away. No record is written in part, what
// was taken before stays, and when there is room again the sink goes on.
func TestFullDisk(t *testing.T) {
	const room = 256 << 10
	for _, tc := range []struct {
		name   string
		record int // bytes of each
	}{{"out.txt", 100}, {"out.txt", 1000}, {"out.txt", 2 * directSize}, {"out.txt.gz", 3000}} {
		dir := small(t, room)
		ballast := write(t, filepath.Join(dir, "ballast"), strings.Repeat("x", room/2))
		path := filepath.Join(dir, tc.name)
		s := sink(t, SinkConfig{Path: path}, connect.Output{Format: "text"})
		record := func(i int) string {
			line := fmt.Sprintf("%d ", i)
			for n := uint64(i + 1); len(line) < tc.record; n = n*6364136223846793005 + 1442695040888963407 {
				line += fmt.Sprintf("%x", n) // does not compress well
			}
			return line[:tc.record] + "\n"
		}
		var taken strings.Builder
		refused, i := 0, 0
		attempt := func() error {
			r := record(i)
			i++
			err := s.Write(background, packet(r))
			if err == nil {
				taken.WriteString(r)
			}
			return err
		}
		for refused < 3 {
			if err := attempt(); err != nil {
				refused++
				if !errors.Is(err, syscall.ENOSPC) || flow.ClassOf(err) != flow.Transient {
					t.Fatalf("%s: %v is %v", tc.name, err, flow.ClassOf(err))
				}
			}
			if i > 100_000 {
				t.Fatal("the disk is never full")
			}
		}
		// What is in memory can't be made durable, and is not lost by that.
		err := s.Sync(background)
		if err != nil && flow.ClassOf(err) != flow.Transient {
			t.Fatalf("%s: %v is %v", tc.name, err, flow.ClassOf(err))
		}
		must(t, os.Remove(ballast))
		must(t, attempt())
		must(t, s.Sync(background))
		must(t, s.Close(background, true))
		if got := unpacked(t, path); got != taken.String() {
			t.Errorf("%s: %d bytes are there, %d were taken", tc.name, len(got), taken.Len())
		}
	}
}

// Where paths change with the record, those of a disk that has room go on.
func TestFullDiskKeyed(t *testing.T) {
	full, other := small(t, 64<<10), t.TempDir()
	s := sink(t, SinkConfig{}, connect.Output{Keys: []string{"path"}})
	written := ""
	big := strings.Repeat("x", directSize)
	for i := range 10 {
		text := fmt.Sprint(i)
		err := s.Write(background, keyed(full+"/a="+big, other+"/b="+text, full+"/a=behind"))
		written += text + "\n"
		var partial *flow.PartialError
		if err != nil && (!errors.As(err, &partial) || len(partial.Failed) != 2 || flow.ClassOf(partial.Failed[0]) != flow.Transient || !errors.Is(partial.Failed[2], flow.ErrNotTried)) {
			t.Fatal(err)
		}
		if i > 3 && err == nil {
			t.Fatal("the disk is not full")
		}
	}
	must(t, s.Close(background, true))
	if got := content(t, filepath.Join(other, "b")); got != written {
		t.Errorf("%q", got)
	}
}

// So it is with Parquet files, whether the row group or the rows beside it find no
// room.
func TestFullDiskParquet(t *testing.T) {
	const room = 256 << 10
	for _, tc := range []struct {
		name  string
		group int64
		sync  int // after how many records rows are made durable; 0 for never
	}{{"groups", 20 << 10, 0}, {"beside", 1 << 20, 7}, {"both", 50 << 10, 20}, {"late", 60 << 10, 500}} {
		t.Run(tc.name, func(t *testing.T) {
			dir := small(t, room)
			ballast := write(t, filepath.Join(dir, "ballast"), strings.Repeat("x", room*3/4))
			path := filepath.Join(dir, "out.parquet")
			c := SinkConfig{Path: path, Parquet: connect.Parquet{RowGroup: tc.group}}
			s := sink(t, c, parquetOutput())
			state(t, s)
			record := func(i int) string {
				line := fmt.Sprintf("%d ", i)
				for n := uint64(i + 1); len(line) < 1000; n = n*6364136223846793005 + 1442695040888963407 {
					line += fmt.Sprintf("%x", n) // does not compress well
				}
				return line
			}
			var taken []string
			full := 0
			transient := func(err error) {
				if err == nil {
					return
				}
				full++
				if !errors.Is(err, syscall.ENOSPC) || flow.ClassOf(err) != flow.Transient {
					t.Fatalf("%v is %v", err, flow.ClassOf(err))
				}
			}
			for i := 0; full < 5; i++ {
				r := record(i)
				err := s.Write(background, rowsOut(nil, r))
				if err == nil {
					taken = append(taken, r)
				}
				transient(err)
				if tc.sync > 0 && i%tc.sync == 0 {
					transient(s.Sync(background))
				}
				if i > 10_000 {
					t.Fatal("the disk is never full")
				}
			}
			must(t, os.Remove(ballast))
			st := state(t, s)
			must(t, s.Write(background, rowsOut(nil, "more")))
			crash(s)
			s = resumed(t, c, parquetOutput(), st)
			must(t, s.Write(background, rowsOut(nil, "last")))
			must(t, s.Sync(background))
			must(t, s.Close(background, true))
			if got := texts(parquetRecords(t, path)); !slices.Equal(got, append(taken, "last")) {
				t.Errorf("%d records are there, %d were taken", len(got), len(taken)+1)
			}
			if left := hidden(t, dir); len(left) > 0 {
				t.Errorf("left over: %q", left)
			}
		})
	}
}

// A note that may not be durable is none: the next attempt writes another one. Here its
// folder takes files, and can't be opened to be synced.
func TestNoteThatMayNotLast(t *testing.T) {
	dir := t.TempDir()
	opened := 0
	target, err := newTarget(filepath.Join(dir, "a"), &SinkConfig{}, &connect.Output{}, &opened)
	must(t, err)
	must(t, os.Chmod(dir, 0o333))
	unprivileged(t, filepath.Dir(dir))
	if err := target.writeNote(saved{}); !errors.Is(err, os.ErrPermission) {
		t.Fatalf("the note counts as durable: %v", err)
	}
	note := noteName(filepath.Join(dir, "a"))
	if _, err := os.Stat(note); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the note stays: %v", err)
	}
}

// unprivileged has the test ask for files as a user who may not do everything, where it
// is run by one who may. The folder that the test's own are in is opened for it.
func unprivileged(t *testing.T, folder string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	must(t, os.Chmod(folder, 0o755))
	runtime.LockOSThread()
	const nobody = 65534
	must(t, syscall.Setfsuid(nobody))
	t.Cleanup(func() {
		must(t, syscall.Setfsuid(0))
		runtime.UnlockOSThread()
	})
}
