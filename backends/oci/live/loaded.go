package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// The labels of images by which those of a pipeline are found.
const (
	labelPipeline = "dev.flowc.pipeline"
	labelHash     = "dev.flowc.hash"
)

// tagDigest is how many digits of an image's digest its tag has.
const tagDigest = 12

// Tag is the tag of an image that is loaded to be applied: the pipeline's hash, and
// enough of the image's digest for the tag to mean one image.
func Tag(hash, digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return hash + "-" + hex[:min(len(hex), tagDigest)]
}

// IsTag tells whether a reference has a tag like [Tag] makes them for a hash.
func IsTag(reference, hash string) bool {
	_, tag, _ := strings.Cut(reference[strings.LastIndex(reference, "/")+1:], ":")
	rest, ok := strings.CutPrefix(tag, hash+"-")
	return ok && hash != "" && len(rest) == tagDigest && strings.Trim(rest, "0123456789abcdef") == ""
}

// ImageID is what the engine calls an image, "" for one that it does not have.
func (e *Engine) ImageID(ctx context.Context, reference string) (string, error) {
	resp, err := e.Do(ctx, http.MethodGet, "/images/"+escaped(reference)+"/json", nil)
	var status *StatusError
	switch {
	case errors.As(err, &status) && status.Code == http.StatusNotFound:
		return "", nil
	case err != nil:
		return "", err
	}
	defer resp.Body.Close()
	var image struct{ ID string }
	return image.ID, e.read(resp, &image)
}

// Has tells whether the engine has an image.
func (e *Engine) Has(ctx context.Context, reference string) (bool, error) {
	id, err := e.ImageID(ctx, reference)
	return id != "", err
}

// Loaded are the images of a pipeline that were loaded to be applied, by their names.
func (e *Engine) Loaded(ctx context.Context, pipeline string) ([]string, error) {
	filter, err := json.Marshal(map[string][]string{"label": {labelPipeline + "=" + pipeline}})
	if err != nil {
		return nil, err
	}
	resp, err := e.Do(ctx, http.MethodGet, "/images/json?"+url.Values{"filters": {string(filter)}}.Encode(), nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var list []struct {
		RepoTags []string
		Labels   map[string]string
	}
	if err := e.read(resp, &list); err != nil {
		return nil, err
	}
	var all []string
	for _, image := range list {
		for _, tag := range image.RepoTags {
			if IsTag(tag, image.Labels[labelHash]) {
				all = append(all, tag)
			}
		}
	}
	return all, nil
}

// Unload deletes an image. One that is gone already is no error, and one that a
// container uses stays.
func (e *Engine) Unload(ctx context.Context, reference string) error {
	resp, err := e.Do(ctx, http.MethodDelete, "/images/"+escaped(reference), nil)
	var status *StatusError
	switch {
	case errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusConflict):
		return nil
	case err != nil:
		return err
	}
	return resp.Body.Close()
}

// escaped is a reference as part of a path.
func escaped(reference string) string { return (&url.URL{Path: reference}).EscapedPath() }

// read decodes an answer.
func (e *Engine) read(resp *http.Response, to any) error {
	if err := json.NewDecoder(resp.Body).Decode(to); err != nil {
		return fmt.Errorf("the engine at %s does not say what was asked (%s): %w", e.Address, resp.Request.URL.Path, err)
	}
	return nil
}
