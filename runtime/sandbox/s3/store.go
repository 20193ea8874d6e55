package s3

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A store keeps buckets in a folder: of each object one file with its bytes, and one that
// says what it is, which is put in its place when the bytes are there. Names are random, so
// any key is possible.
type store struct {
	dir string

	mu      sync.RWMutex
	buckets map[string]*bucket
}

type bucket struct {
	made    time.Time
	objects map[string]*object
	uploads map[string]*upload
}

// An object as its file has it.
type object struct {
	Key      string            `json:"key"`
	ETag     string            `json:"etag"`
	Size     int64             `json:"size"`
	Modified time.Time         `json:"modified"`
	Headers  map[string]string `json:"headers,omitempty"`
	// Blob is the file with the bytes.
	Blob string `json:"blob"`
}

// What the API calls errors.
var (
	errNoBucket    = errors.New("NoSuchBucket")
	errNoKey       = errors.New("NoSuchKey")
	errNoUpload    = errors.New("NoSuchUpload")
	errBucketThere = errors.New("BucketAlreadyOwnedByYou")
	errNotEmpty    = errors.New("BucketNotEmpty")
	errBucketName  = errors.New("InvalidBucketName")
	errPart        = errors.New("InvalidPart")
	errCondition   = errors.New("PreconditionFailed")
	errDigest      = errors.New("BadDigest")
	errArgument    = errors.New("InvalidArgument")
	errXML         = errors.New("MalformedXML")
)

// bucketName is what a bucket may be called; a folder of ours has no other name.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func openStore(dir string) (*store, error) {
	s := &store{dir: dir, buckets: map[string]*bucket{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() || !bucketName.MatchString(e.Name()) {
			continue
		}
		if s.buckets[e.Name()], err = openBucket(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// openBucket reads what is in a bucket, and removes what was not finished.
func openBucket(dir string) (*bucket, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	b := newBucket(info.ModTime())
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		o := &object{}
		if err == nil {
			err = json.Unmarshal(text, o)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, e.Name()), err)
		}
		if was := b.objects[o.Key]; was != nil && was.Modified.After(o.Modified) {
			continue // it was to be removed
		}
		b.objects[o.Key] = o
	}
	for _, o := range b.objects {
		used[o.Blob], used[o.Blob+".json"] = true, true
	}
	for _, e := range entries {
		if !used[e.Name()] {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

func newBucket(made time.Time) *bucket {
	return &bucket{made: made, objects: map[string]*object{}, uploads: map[string]*upload{}}
}

func (s *store) makeBucket(name string) error {
	if !bucketName.MatchString(name) || strings.Contains(name, "..") {
		return errBucketName
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] != nil {
		return errBucketThere
	}
	if err := os.Mkdir(filepath.Join(s.dir, name), 0o755); err != nil {
		return err
	}
	s.buckets[name] = newBucket(time.Now())
	return nil
}

func (s *store) removeBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	switch {
	case b == nil:
		return errNoBucket
	case len(b.objects) > 0:
		return errNotEmpty
	}
	delete(s.buckets, name)
	return os.RemoveAll(filepath.Join(s.dir, name))
}

// A named bucket is one of a list.
type namedBucket struct {
	name string
	made time.Time
}

func (s *store) list() (all []namedBucket) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for name, b := range s.buckets {
		all = append(all, namedBucket{name, b.made})
	}
	slices.SortFunc(all, func(a, b namedBucket) int { return strings.Compare(a.name, b.name) })
	return all
}

func (s *store) has(bucket string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.buckets[bucket] == nil {
		return errNoBucket
	}
	return nil
}

// get is an object of a bucket.
func (s *store) get(bucket, key string) (*object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[bucket]
	if b == nil {
		return nil, errNoBucket
	}
	if o := b.objects[key]; o != nil {
		return o, nil
	}
	return nil, errNoKey
}

// open opens the bytes of an object.
func (s *store) open(bucket string, o *object) (*os.File, error) {
	f, err := os.Open(filepath.Join(s.dir, bucket, o.Blob))
	if errors.Is(err, fs.ErrNotExist) { // another one has taken its place at this moment
		return nil, errNoKey
	}
	return f, err
}

// A blob is bytes that are in a bucket's folder, and no object yet.
type blob struct {
	name, md5 string
	size      int64
}

// write writes bytes into the folder of a bucket.
func (s *store) write(bucket string, from io.Reader) (blob, error) {
	if err := s.has(bucket); err != nil {
		return blob{}, err
	}
	f, err := os.CreateTemp(filepath.Join(s.dir, bucket), "o-*")
	if err != nil {
		return blob{}, err
	}
	sum := md5.New()
	n, err := io.Copy(io.MultiWriter(f, sum), from)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return blob{}, err
	}
	return blob{filepath.Base(f.Name()), hex.EncodeToString(sum.Sum(nil)), n}, nil
}

// drop removes bytes that become no object.
func (s *store) drop(bucket string, b blob) { _ = os.Remove(filepath.Join(s.dir, bucket, b.name)) }

// put makes an object of bytes, where the one that is there may be replaced.
func (s *store) put(bucketName string, o *object, may func(there *object) error) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return errNoBucket
	}
	there := b.objects[o.Key]
	if err := may(there); err != nil {
		return err
	}
	dir := filepath.Join(s.dir, bucketName)
	tmp := filepath.Join(dir, o.Blob+".new")
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, o.Blob+".json")); err != nil {
		return err
	}
	b.objects[o.Key] = o
	if there != nil {
		_ = os.Remove(filepath.Join(dir, there.Blob+".json")) // an older one gives way at the next start, too
		_ = os.Remove(filepath.Join(dir, there.Blob))
	}
	return nil
}

// remove removes an object; one that is not there is none the less gone.
func (s *store) remove(bucket, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucket]
	if b == nil {
		return errNoBucket
	}
	o := b.objects[key]
	if o == nil {
		return nil
	}
	dir := filepath.Join(s.dir, bucket)
	if err := os.Remove(filepath.Join(dir, o.Blob+".json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	delete(b.objects, key)
	_ = os.Remove(filepath.Join(dir, o.Blob))
	return nil
}
