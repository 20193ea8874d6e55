package s3

import (
	"maps"
	"slices"
	"strings"
)

// A page is a part of what is in a bucket.
type page struct {
	objects  []*object
	prefixes []string
	// next is the last name of the page where there is more, "" at the end.
	next string
}

// page lists what begins with a prefix, behind a name, as far as most.
func (s *store) page(bucket, prefix, delimiter, after string, most int) (page, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[bucket]
	if b == nil {
		return page{}, errNoBucket
	}
	var p page
	last := ""
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		name := key
		if delimiter != "" {
			if head, _, found := strings.Cut(rest, delimiter); found {
				name = prefix + head + delimiter
			}
		}
		// All below a common prefix is one name.
		if name == last || key <= after || name != key && name <= after {
			continue
		}
		if len(p.objects)+len(p.prefixes) == most {
			p.next = last
			return p, nil
		}
		last = name
		if name == key {
			p.objects = append(p.objects, b.objects[key])
		} else {
			p.prefixes = append(p.prefixes, name)
		}
	}
	return p, nil
}
