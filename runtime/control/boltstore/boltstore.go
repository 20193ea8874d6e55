// Package boltstore keeps what a control plane knows in a file, with bbolt.
package boltstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"google.golang.org/protobuf/proto"

	"github.com/flowc-dev/flowc/runtime/control"
	flowctl "github.com/flowc-dev/flowc/runtime/proto"
)

// patience is for how long a file that another process holds is waited for: as long as one
// that was just stopped takes to let go of it.
const patience = time.Second

var components = []byte("components")

// A Store is a file of records.
type Store struct {
	db   *bolt.DB
	path string
}

// A HeldError is the error of a file that another process works with.
type HeldError struct {
	Path string
	// Who is what that process said of itself, "" where it said nothing.
	Who string
}

// Error says who that is.
func (e *HeldError) Error() string {
	who := "another process"
	if e.Who != "" {
		who = e.Who
	}
	return fmt.Sprintf("%s is in use by %s", e.Path, who)
}

// Open opens a file, and makes it where there is none. Nobody else can open it then; who
// says to them what process this is.
func Open(path, who string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: patience, FreelistType: bolt.FreelistMapType})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		holder, _ := os.ReadFile(ownerOf(path)) // without it nothing can be said of them
		return nil, &HeldError{Path: path, Who: strings.TrimSpace(string(holder))}
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%s is no file of a control plane, or is damaged: move it away, and components register anew: %w", path, err)
	case err != nil:
		return nil, err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(components)
		return err
	})
	if err == nil {
		err = os.WriteFile(ownerOf(path), []byte(who+" since "+time.Now().Format(time.RFC3339)+"\n"), 0o600)
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &Store{db: db, path: path}, nil
}

// ownerOf is the file that says who holds another one.
func ownerOf(path string) string { return path + ".owner" }

// Close lets go of the file.
func (s *Store) Close() error {
	_ = os.Remove(ownerOf(s.path))
	return s.db.Close()
}

// A record is what stands in the file. Times are in nanoseconds since 1970.
type record struct {
	Name       string               `json:"name,omitempty"`
	Info       []byte               `json:"info"` // a flowctl.v1.ComponentInfo
	Status     flowctl.HealthStatus `json:"status,omitempty"`
	Metrics    map[string]string    `json:"metrics,omitempty"`
	Registered int64                `json:"registered"`
	Heard      int64                `json:"heard"`
	Ended      int64                `json:"ended,omitempty"` // 0 for what has not
}

// Load returns all records.
func (s *Store) Load() (all []control.Record, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(components).ForEach(func(id, value []byte) error {
			var r record
			info := &flowctl.ComponentInfo{}
			err := json.Unmarshal(value, &r)
			if err == nil {
				err = proto.Unmarshal(r.Info, info)
			}
			if err != nil {
				return fmt.Errorf("%s: the record of %q can't be read: move the file away, and components register anew: %w", s.path, id, err)
			}
			all = append(all, control.Record{
				ID: string(id), Name: r.Name, Info: info, Status: r.Status, Metrics: r.Metrics, Registered: time.Unix(0, r.Registered), Heard: time.Unix(0, r.Heard), Ended: ended(r.Ended),
			})
			return nil
		})
	})
	return all, err
}

// ended is a time in the file, the zero time for none.
func ended(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at)
}

// Save keeps records and forgets others, and returns when that is on the disk.
func (s *Store) Save(kept []control.Record, forgotten []string) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(components)
		for i := range kept {
			k := &kept[i]
			info, err := proto.Marshal(k.Info)
			if err != nil {
				return err
			}
			r := record{Name: k.Name, Info: info, Status: k.Status, Metrics: k.Metrics, Registered: k.Registered.UnixNano(), Heard: k.Heard.UnixNano()}
			if !k.Ended.IsZero() {
				r.Ended = k.Ended.UnixNano()
			}
			value, err := json.Marshal(r)
			if err != nil {
				return err
			}
			if err := b.Put([]byte(k.ID), value); err != nil {
				return err
			}
		}
		for _, id := range forgotten {
			if err := b.Delete([]byte(id)); err != nil {
				return err
			}
		}
		return nil
	})
}
