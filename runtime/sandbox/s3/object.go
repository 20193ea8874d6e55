package s3

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// kept are the headers that an object keeps, beside those of metadata.
var kept = []string{"Content-Type", "Content-Encoding", "Content-Disposition", "Content-Language", "Cache-Control", "Expires"}

// headers are what an object keeps of a request.
func headers(r *http.Request) map[string]string {
	all := map[string]string{}
	for name, values := range r.Header {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-meta-") {
			all[name] = strings.Join(values, ",")
		}
	}
	for _, name := range kept {
		value := r.Header.Get(name)
		if name == "Content-Encoding" { // what only the way of the bytes was about
			var rest []string
			for part := range strings.SplitSeq(value, ",") {
				if part = strings.TrimSpace(part); part != "" && part != "aws-chunked" {
					rest = append(rest, part)
				}
			}
			value = strings.Join(rest, ",")
		}
		if value != "" {
			all[name] = value
		}
	}
	return all
}

// object answers what is asked of an object.
func (h *handler) object(w http.ResponseWriter, r *http.Request, bucket, key string) error {
	q := r.URL.Query()
	for _, sub := range []string{"acl", "tagging", "retention", "legal-hold", "torrent", "select"} {
		if q.Has(sub) {
			return fmt.Errorf("%w: ?%s", errNotImplemented, sub)
		}
	}
	id := q.Get("uploadId")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if id != "" {
			return errNotImplemented
		}
		return h.read(w, r, bucket, key)
	case http.MethodPut:
		switch {
		case id != "":
			return h.part(w, r, bucket, key, id)
		case r.Header.Get("X-Amz-Copy-Source") != "":
			return h.copy(w, r, bucket, key)
		}
		return h.write(w, r, bucket, key)
	case http.MethodDelete:
		var err error
		if id != "" {
			err = h.store.abort(bucket, key, id)
		} else {
			err = h.store.remove(bucket, key)
		}
		if err == nil {
			w.WriteHeader(http.StatusNoContent)
		}
		return err
	case http.MethodPost:
		switch {
		case q.Has("uploads"):
			id, err := h.store.begin(bucket, key, headers(r))
			if err != nil {
				return err
			}
			return answer(w, &struct {
				XMLName     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
				Bucket, Key string
				UploadID    string `xml:"UploadId"`
			}{Bucket: bucket, Key: key, UploadID: id})
		case id != "":
			return h.complete(w, r, bucket, key, id)
		}
		return errNotImplemented
	}
	return errMethod
}

// read answers with an object, or a range of it.
func (h *handler) read(w http.ResponseWriter, r *http.Request, bucket, key string) error {
	for range 10 { // another one may take its place between both
		o, err := h.store.get(bucket, key)
		if err != nil {
			return err
		}
		f, err := h.store.open(bucket, o)
		if errors.Is(err, errNoKey) {
			continue
		}
		if err != nil {
			return err
		}
		defer f.Close()
		for name, value := range o.Headers {
			w.Header().Set(name, value)
		}
		if o.Headers["Content-Type"] == "" {
			w.Header().Set("Content-Type", "binary/octet-stream")
		}
		w.Header().Set("ETag", `"`+o.ETag+`"`)
		w.Header().Set("Accept-Ranges", "bytes")
		http.ServeContent(w, r, "", o.Modified, f)
		return nil
	}
	return errNoKey
}

// may tells whether an object may be put in the place of another one.
func may(r *http.Request) func(*object) error {
	none, match := r.Header.Get("If-None-Match"), strings.Trim(r.Header.Get("If-Match"), `"`)
	return func(there *object) error {
		switch {
		case none == "*" && there != nil:
			return fmt.Errorf("%w: there is one", errCondition)
		case match != "" && there == nil:
			return errNoKey
		case match != "" && match != "*" && there.ETag != match:
			return fmt.Errorf("%w: it is another one", errCondition)
		}
		return nil
	}
}

// write takes an object.
func (h *handler) write(w http.ResponseWriter, r *http.Request, bucket, key string) error {
	b, err := h.store.write(bucket, content(r))
	if err != nil {
		return err
	}
	if err = checked(r, b); err == nil {
		o := &object{Key: key, ETag: b.md5, Size: b.size, Modified: time.Now().UTC(), Headers: headers(r), Blob: b.name}
		err = h.store.put(bucket, o, may(r))
	}
	if err != nil {
		h.store.drop(bucket, b)
		return err
	}
	w.Header().Set("ETag", `"`+b.md5+`"`)
	return nil
}

// source is what is copied: a bucket and a key.
func source(r *http.Request) (bucket, key string, err error) {
	text, err := url.PathUnescape(r.Header.Get("X-Amz-Copy-Source"))
	if err != nil {
		return "", "", fmt.Errorf("%w: x-amz-copy-source", errArgument)
	}
	text, _, _ = strings.Cut(text, "?versionId=")
	bucket, key, ok := strings.Cut(strings.TrimPrefix(text, "/"), "/")
	if !ok || key == "" {
		return "", "", fmt.Errorf("%w: x-amz-copy-source is BUCKET/KEY", errArgument)
	}
	return bucket, key, nil
}

// copy makes an object of another one.
func (h *handler) copy(w http.ResponseWriter, r *http.Request, bucket, key string) error {
	fromBucket, fromKey, err := source(r)
	if err != nil {
		return err
	}
	from, err := h.store.get(fromBucket, fromKey)
	if err != nil {
		return err
	}
	f, err := h.store.open(fromBucket, from)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := h.store.write(bucket, f)
	if err != nil {
		return err
	}
	has := from.Headers
	if strings.EqualFold(r.Header.Get("X-Amz-Metadata-Directive"), "REPLACE") {
		has = headers(r)
	}
	o := &object{Key: key, ETag: b.md5, Size: b.size, Modified: time.Now().UTC(), Headers: has, Blob: b.name}
	if err := h.store.put(bucket, o, may(r)); err != nil {
		h.store.drop(bucket, b)
		return err
	}
	return answer(w, &struct {
		XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyObjectResult"`
		LastModified, ETag string
	}{LastModified: stamp(o.Modified), ETag: `"` + o.ETag + `"`})
}

// part takes a part of an upload: bytes, or a range of an object.
func (h *handler) part(w http.ResponseWriter, r *http.Request, bucket, key, id string) error {
	number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	if err != nil || number < 1 || number > 10000 {
		return fmt.Errorf("%w: partNumber is 1 to 10000", errArgument)
	}
	from, copied := content(r), r.Header.Get("X-Amz-Copy-Source") != ""
	if copied {
		fromBucket, fromKey, err := source(r)
		if err != nil {
			return err
		}
		o, err := h.store.get(fromBucket, fromKey)
		if err != nil {
			return err
		}
		f, err := h.store.open(fromBucket, o)
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
		if text := r.Header.Get("X-Amz-Copy-Source-Range"); text != "" {
			var first, last int64
			if _, err := fmt.Sscanf(text, "bytes=%d-%d", &first, &last); err != nil || first > last || last >= o.Size {
				return fmt.Errorf("%w: x-amz-copy-source-range", errArgument)
			}
			from = io.NewSectionReader(f, first, last-first+1)
		}
	}
	b, err := h.store.write(bucket, from)
	if err != nil {
		return err
	}
	if err = checked(r, b); err == nil {
		err = h.store.part(bucket, key, id, number, b)
	}
	if err != nil {
		h.store.drop(bucket, b)
		return err
	}
	if copied {
		return answer(w, &struct {
			XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyPartResult"`
			LastModified, ETag string
		}{LastModified: stamp(time.Now()), ETag: `"` + b.md5 + `"`})
	}
	w.Header().Set("ETag", `"`+b.md5+`"`)
	return nil
}

// complete makes an object of an upload's parts.
func (h *handler) complete(w http.ResponseWriter, r *http.Request, bucket, key, id string) error {
	var asked struct{ Part []wantedPart }
	if err := document(r, &asked); err != nil {
		return err
	}
	o, err := h.store.complete(bucket, key, id, asked.Part, may(r))
	if err != nil {
		return err
	}
	return answer(w, &struct {
		XMLName                     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Location, Bucket, Key, ETag string
	}{Location: "http://" + r.Host + "/" + bucket + "/" + key, Bucket: bucket, Key: key, ETag: `"` + o.ETag + `"`})
}
