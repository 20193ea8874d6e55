package s3

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// An upload is an object that comes in parts. Those of a sandbox that ends are gone: its
// client begins again, as it does behind an error.
type upload struct {
	key     string
	headers map[string]string
	parts   map[int]blob
}

func (s *store) begin(bucket, key string, headers map[string]string) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucket]
	if b == nil {
		return "", errNoBucket
	}
	id = rand.Text()
	b.uploads[id] = &upload{key: key, headers: headers, parts: map[int]blob{}}
	return id, nil
}

// of is an upload. The store is held.
func (s *store) of(bucket, key, id string) (*upload, error) {
	b := s.buckets[bucket]
	if b == nil {
		return nil, errNoBucket
	}
	if u := b.uploads[id]; u != nil && u.key == key {
		return u, nil
	}
	return nil, errNoUpload
}

// part takes a part in the place of an earlier one of its number.
func (s *store) part(bucket, key, id string, number int, part blob) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.of(bucket, key, id)
	if err != nil {
		return err
	}
	if before, ok := u.parts[number]; ok {
		s.drop(bucket, before)
	}
	u.parts[number] = part
	return nil
}

// abort forgets an upload.
func (s *store) abort(bucket, key, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.of(bucket, key, id)
	if err != nil {
		return err
	}
	for _, p := range u.parts {
		s.drop(bucket, p)
	}
	delete(s.buckets[bucket].uploads, id)
	return nil
}

// A wanted part is one of those that make up the object.
type wantedPart struct {
	PartNumber int
	ETag       string
}

// complete makes an object of parts.
func (s *store) complete(bucket, key, id string, wanted []wantedPart, may func(*object) error) (*object, error) {
	s.mu.RLock()
	u, err := s.of(bucket, key, id)
	var parts []blob
	if err == nil {
		rising := slices.IsSortedFunc(wanted, func(a, b wantedPart) int { return a.PartNumber - b.PartNumber })
		for _, w := range wanted {
			p, ok := u.parts[w.PartNumber]
			if !ok || !rising || strings.Trim(w.ETag, `"`) != p.md5 {
				err = errPart
				break
			}
			parts = append(parts, p)
		}
		if len(parts) == 0 && err == nil {
			err = errXML
		}
	}
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	var readers []io.Reader
	sums := md5.New()
	for _, p := range parts {
		f, err := s.open(bucket, &object{Blob: p.name})
		if err != nil {
			return nil, errPart
		}
		defer f.Close()
		readers = append(readers, f)
		sum, err := hex.DecodeString(p.md5)
		if err != nil {
			return nil, err
		}
		sums.Write(sum)
	}
	whole, err := s.write(bucket, io.MultiReader(readers...))
	if err != nil {
		return nil, err
	}
	o := &object{Key: key, ETag: fmt.Sprintf("%x-%d", sums.Sum(nil), len(parts)), Size: whole.size, Modified: time.Now().UTC(), Headers: u.headers, Blob: whole.name}
	if err := s.put(bucket, o, may); err != nil {
		s.drop(bucket, whole)
		return nil, err
	}
	if err := s.abort(bucket, key, id); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return o, nil
}
