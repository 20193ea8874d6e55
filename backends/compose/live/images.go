package live

import (
	"context"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// loaded are the images of a pipeline that were loaded to be applied: their tags have
// the pipeline's hash and their own.
func (e *Engine) loaded(ctx context.Context, pipeline string) ([]deploy.Object, error) {
	var list []struct {
		RepoTags []string
		Labels   map[string]string
	}
	if err := e.ask(ctx, "/images/json", filters(labelPipeline+"="+pipeline), &list); err != nil {
		return nil, err
	}
	var all []deploy.Object
	for _, image := range list {
		for _, tag := range image.RepoTags {
			if IsTag(tag, image.Labels[labelHash]) {
				all = append(all, deploy.Object{Kind: "image", Name: tag, Spare: true})
			}
		}
	}
	return all, nil
}

// Tag is the tag of an image that is loaded to be applied: the pipeline's hash, and
// enough of the image's digest for the tag to mean one image.
func Tag(hash, digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return hash + "-" + short(hex)
}

// IsTag tells whether a reference has a tag like [Tag] makes them for a hash.
func IsTag(reference, hash string) bool {
	_, tag, _ := strings.Cut(reference[strings.LastIndex(reference, "/")+1:], ":")
	rest, ok := strings.CutPrefix(tag, hash+"-")
	return ok && hash != "" && len(rest) == 12 && strings.Trim(rest, "0123456789abcdef") == ""
}
