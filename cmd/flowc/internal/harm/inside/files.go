//go:build unix

package inside

import (
	"os"
	"syscall"
)

// What the runtime uses of package os.
type (
	// FileInfo is os.FileInfo.
	FileInfo = os.FileInfo
	// FileMode is os.FileMode.
	FileMode = os.FileMode
	// DirEntry is os.DirEntry.
	DirEntry = os.DirEntry
	// PathError is os.PathError.
	PathError = os.PathError
)

// The constants and errors of package os.
const (
	O_RDONLY = os.O_RDONLY //nolint:staticcheck // the names of package os
	O_WRONLY = os.O_WRONLY //nolint:staticcheck // the names of package os
	O_RDWR   = os.O_RDWR   //nolint:staticcheck // the names of package os
	O_APPEND = os.O_APPEND //nolint:staticcheck // the names of package os
	O_CREATE = os.O_CREATE //nolint:staticcheck // the names of package os
	O_TRUNC  = os.O_TRUNC  //nolint:staticcheck // the names of package os
	O_EXCL   = os.O_EXCL   //nolint:staticcheck // the names of package os
)

// The variables and functions of package os that change nothing on a disk.
var (
	ErrNotExist     = os.ErrNotExist
	ErrExist        = os.ErrExist
	ErrInvalid      = os.ErrInvalid
	ErrPermission   = os.ErrPermission
	Stat            = os.Stat
	Lstat           = os.Lstat
	ReadDir         = os.ReadDir
	ReadFile        = os.ReadFile
	SameFile        = os.SameFile
	Getwd           = os.Getwd
	Getpid          = os.Getpid
	Hostname        = os.Hostname
	IsNotExist      = os.IsNotExist
	IsPathSeparator = os.IsPathSeparator
	Getenv          = os.Getenv
	Readlink        = os.Readlink
)

// A File is an *os.File that can be harmed.
type File struct {
	*os.File
	writes bool
}

// Open is os.Open.
func Open(name string) (*File, error) { return opened(name, os.O_RDONLY, 0, "open") }

// Create is os.Create.
func Create(name string) (*File, error) {
	return opened(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666, "create")
}

// OpenFile is os.OpenFile.
func OpenFile(name string, flag int, perm FileMode) (*File, error) {
	return opened(name, flag, perm, "open")
}

func opened(name string, flag int, perm FileMode, op string) (*File, error) {
	writes := flag&(os.O_WRONLY|os.O_RDWR) != 0
	if !writes { // what only reads is harmed by its reads
		f, err := os.OpenFile(name, flag, perm)
		if err != nil {
			return nil, err
		}
		return &File{File: f}, nil
	}
	do := callFrom(4, op)
	if err := refused(do, op, name); err != nil {
		return nil, err
	}
	_, before := os.Lstat(name)
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	disk.opened(f, os.IsNotExist(before))
	after(do)
	return &File{f, true}, nil
}

// Write is that of os.File.
func (f *File) Write(p []byte) (int, error) {
	do := call("write")
	if err := refused(do, "write", f.Name()); err != nil {
		return 0, err
	}
	if do == Short || do == Torn {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, f.cutOff(do)
	}
	n, err := f.File.Write(p)
	after(do)
	return n, err
}

// WriteAt is that of os.File.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	do := call("write")
	if err := refused(do, "write", f.Name()); err != nil {
		return 0, err
	}
	if do == Short || do == Torn {
		n, _ := f.File.WriteAt(p[:len(p)/2], off)
		return n, f.cutOff(do)
	}
	n, err := f.File.WriteAt(p, off)
	after(do)
	return n, err
}

func (f *File) cutOff(do Deed) error {
	if do == Torn {
		die()
	}
	return &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
}

// Read is that of os.File.
func (f *File) Read(p []byte) (int, error) {
	do := call("read")
	if err := refused(do, "read", f.Name()); err != nil {
		return 0, err
	}
	n, err := f.File.Read(p)
	after(do)
	return n, err
}

// Truncate is that of os.File.
func (f *File) Truncate(size int64) error {
	do := call("truncate")
	if err := refused(do, "truncate", f.Name()); err != nil {
		return err
	}
	err := f.File.Truncate(size)
	if err == nil {
		disk.cut(f.File, size)
	}
	after(do)
	return err
}

// Sync is that of os.File.
func (f *File) Sync() error {
	do := call("sync")
	if err := refused(do, "sync", f.Name()); err != nil {
		disk.forsake(f.File)
		return err
	}
	err := f.File.Sync()
	if err == nil {
		disk.synced(f.File)
	}
	after(do)
	return err
}

// Rename is os.Rename.
func Rename(from, to string) error {
	do := call("rename")
	if err := refused(do, "rename", from); err != nil {
		return err
	}
	err := disk.rename(from, to)
	after(do)
	return err
}

// Remove is os.Remove.
func Remove(name string) error {
	do := call("remove")
	if err := refused(do, "remove", name); err != nil {
		return err
	}
	err := disk.remove(name)
	after(do)
	return err
}

// MkdirAll is os.MkdirAll. Folders are taken to last.
func MkdirAll(name string, perm FileMode) error {
	do := call("mkdir")
	if err := refused(do, "mkdir", name); err != nil {
		return err
	}
	err := os.MkdirAll(name, perm)
	after(do)
	return err
}
