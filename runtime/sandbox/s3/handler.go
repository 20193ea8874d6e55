package s3

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// mostXML is how long a body may be that is a document.
const mostXML = 4 << 20

// A handler answers requests.
type handler struct {
	store *store
	log   func(format string, args ...any)
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "flowc-sandbox")
	bucket, key := names(r)
	var err error
	switch {
	case bucket == "":
		err = h.service(w, r)
	case key == "":
		err = h.bucket(w, r, bucket)
	default:
		err = h.object(w, r, bucket, key)
	}
	if err != nil {
		h.refuse(w, r, err)
	}
}

// names are the bucket and the key of a request: BUCKET.localhost, or the path.
func names(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if b, ok := strings.CutSuffix(host, ".localhost"); ok {
		return b, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

// statuses are those of errors; all others are 400.
var statuses = map[error]int{
	errNoBucket: 404, errNoKey: 404, errNoUpload: 404, errBucketThere: 409, errNotEmpty: 409, errCondition: 412, errMethod: 405, errNotImplemented: 501,
}

var (
	errMethod         = errors.New("MethodNotAllowed")
	errNotImplemented = errors.New("NotImplemented")
)

// refuse answers with an error as S3 writes it.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code, status := err.Error(), 0
	for known, s := range statuses {
		if errors.Is(err, known) {
			code, status = known.Error(), s
		}
	}
	for _, known := range []error{errBucketName, errPart, errDigest, errArgument, errXML} {
		if errors.Is(err, known) {
			code, status = known.Error(), http.StatusBadRequest
		}
	}
	if status == 0 {
		var path *fs.PathError
		if !errors.As(err, &path) { // the client's connection, most likely
			code, status = "IncompleteBody", http.StatusBadRequest
		} else {
			code, status = "InternalError", http.StatusInternalServerError
			h.log("%s %s: %v", r.Method, r.URL.Path, err)
		}
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName  xml.Name `xml:"Error"`
		Code     string
		Message  string
		Resource string
	}{Code: code, Message: err.Error(), Resource: r.URL.Path})
}

// answer writes a document.
func answer(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/xml")
	// Where the client is gone nobody is left to be told.
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(v)
	return nil
}

// service answers what is asked of no bucket.
func (h *handler) service(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return errMethod
	}
	type entry struct {
		Name         string
		CreationDate string
	}
	var out struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Owner   struct{ ID, DisplayName string }
		Buckets struct{ Bucket []entry }
	}
	out.Owner.ID, out.Owner.DisplayName = "sandbox", "sandbox"
	for _, b := range h.store.list() {
		out.Buckets.Bucket = append(out.Buckets.Bucket, entry{b.name, stamp(b.made)})
	}
	return answer(w, &out)
}

// stamp is a time as documents have it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// bucket answers what is asked of a bucket.
func (h *handler) bucket(w http.ResponseWriter, r *http.Request, bucket string) error {
	q := r.URL.Query()
	switch r.Method {
	case http.MethodPut:
		for _, sub := range []string{"acl", "policy", "lifecycle", "cors", "tagging", "versioning", "encryption", "notification"} {
			if q.Has(sub) {
				return fmt.Errorf("%w: ?%s", errNotImplemented, sub)
			}
		}
		if err := h.store.makeBucket(bucket); err != nil {
			return err
		}
		w.Header().Set("Location", "/"+bucket)
		return nil
	case http.MethodHead:
		return h.store.has(bucket)
	case http.MethodDelete:
		if err := h.store.removeBucket(bucket); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	case http.MethodPost:
		if q.Has("delete") {
			return h.removeMany(w, r, bucket)
		}
		return errNotImplemented
	case http.MethodGet:
		if err := h.store.has(bucket); err != nil {
			return err
		}
		switch {
		case q.Has("location"):
			return answer(w, &struct {
				XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
			}{})
		case q.Has("versioning"):
			return answer(w, &struct {
				XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
			}{})
		}
		return h.list(w, q, bucket)
	}
	return errMethod
}

// list answers both versions of the list of objects.
func (h *handler) list(w http.ResponseWriter, q url.Values, bucket string) error {
	most := 1000
	if text := q.Get("max-keys"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fmt.Errorf("%w: max-keys %q", errArgument, text)
		}
		most = min(n, most)
	}
	second := q.Get("list-type") == "2"
	after := q.Get("marker")
	if second {
		after = q.Get("start-after")
		if token := q.Get("continuation-token"); token != "" {
			text, err := base64.URLEncoding.DecodeString(token)
			if err != nil {
				return fmt.Errorf("%w: continuation-token", errArgument)
			}
			after = string(text)
		}
	}
	p := page{}
	if most > 0 {
		var err error
		if p, err = h.store.page(bucket, q.Get("prefix"), q.Get("delimiter"), after, most); err != nil {
			return err
		}
	}
	as := func(s string) string { return s }
	if q.Get("encoding-type") == "url" {
		as = func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }
	}
	type content struct {
		Key, LastModified, ETag string
		Size                    int64
		StorageClass            string
	}
	type prefix struct{ Prefix string }
	out := struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name, Prefix          string
		Delimiter             string `xml:",omitempty"`
		EncodingType          string `xml:",omitempty"`
		MaxKeys               int
		IsTruncated           bool
		KeyCount              *int    `xml:",omitempty"`
		Marker                *string `xml:",omitempty"`
		NextMarker            string  `xml:",omitempty"`
		StartAfter            string  `xml:",omitempty"`
		ContinuationToken     string  `xml:",omitempty"`
		NextContinuationToken string  `xml:",omitempty"`
		Contents              []content
		CommonPrefixes        []prefix
	}{Name: bucket, Prefix: as(q.Get("prefix")), Delimiter: as(q.Get("delimiter")), EncodingType: q.Get("encoding-type"), MaxKeys: most, IsTruncated: p.next != ""}
	if second {
		n := len(p.objects) + len(p.prefixes)
		out.KeyCount, out.StartAfter, out.ContinuationToken = &n, as(q.Get("start-after")), q.Get("continuation-token")
		if p.next != "" {
			out.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(p.next))
		}
	} else {
		marker := as(q.Get("marker"))
		out.Marker, out.NextMarker = &marker, as(p.next)
	}
	for _, o := range p.objects {
		out.Contents = append(out.Contents, content{as(o.Key), stamp(o.Modified), `"` + o.ETag + `"`, o.Size, "STANDARD"})
	}
	for _, c := range p.prefixes {
		out.CommonPrefixes = append(out.CommonPrefixes, prefix{as(c)})
	}
	return answer(w, &out)
}

// document reads the document of a request.
func document(r *http.Request, v any) error {
	body, err := io.ReadAll(io.LimitReader(content(r), mostXML))
	if err == nil {
		err = xml.Unmarshal(body, v)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errXML, err)
	}
	return nil
}

// removeMany removes the objects that a document names.
func (h *handler) removeMany(w http.ResponseWriter, r *http.Request, bucket string) error {
	if err := h.store.has(bucket); err != nil {
		return err
	}
	var asked struct {
		Quiet  bool
		Object []struct{ Key string }
	}
	if err := document(r, &asked); err != nil {
		return err
	}
	type removed struct{ Key string }
	type failed struct{ Key, Code, Message string }
	var out struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
		Deleted []removed
		Error   []failed
	}
	for _, o := range asked.Object {
		if err := h.store.remove(bucket, o.Key); err != nil {
			out.Error = append(out.Error, failed{o.Key, "InternalError", err.Error()})
		} else if !asked.Quiet {
			out.Deleted = append(out.Deleted, removed{o.Key})
		}
	}
	return answer(w, &out)
}

// checked compares bytes with what their sender says of them.
func checked(r *http.Request, b blob) error {
	said := r.Header.Get("Content-MD5")
	if said == "" {
		return nil
	}
	sum, err := base64.StdEncoding.DecodeString(said)
	if err != nil || hex.EncodeToString(sum) != b.md5 {
		return fmt.Errorf("%w: the bytes are not those of Content-MD5", errDigest)
	}
	return nil
}
