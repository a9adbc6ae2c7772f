<?php
// Files in one folder, by names that nobody can climb out of it with.
declare(strict_types=1);

function folder(string $path): string
{
    if (!is_dir($path) && !mkdir($path, 0700, true) && !is_dir($path)) {
        throw new RuntimeException("cannot make $path");
    }
    return $path;
}

final class Cupboard
{
    private const MOST_FILES = 1000;

    public function __construct(private readonly string $path)
    {
        folder($path);
    }

    /** @return array<string, int> names and sizes, in order */
    public function all(): array
    {
        $files = [];
        foreach (scandir($this->path) as $name) {
            if ($name[0] !== '.') {
                $files[$name] = filesize("$this->path/$name");
            }
        }
        return $files;
    }

    public function has(string $name): bool
    {
        return $name[0] !== '.' && !str_contains($name, '/') && !str_contains($name, "\0") && is_file("$this->path/$name");
    }

    public function remove(string $name): void
    {
        unlink("$this->path/$name");
    }

    /**
     * @param array<string, mixed>|null $upload as in $_FILES
     * @return array{int, string}|null a status and why, or null when it is there now
     */
    public function put(?array $upload): ?array
    {
        $error = $upload['error'] ?? UPLOAD_ERR_NO_FILE;
        if ($error === UPLOAD_ERR_INI_SIZE || $error === UPLOAD_ERR_FORM_SIZE) {
            return [413, 'The file is too large.'];
        }
        if ($error !== UPLOAD_ERR_OK) {
            return [400, 'There was no file, or not all of it came.'];
        }
        if (count($this->all()) >= self::MOST_FILES) {
            return [507, 'The cupboard is full.'];
        }
        $name = ltrim(preg_replace('~[\x00-\x1f\x7f/\\\\:*?"<>|]+~', '_', basename((string) $upload['name'])), '.');
        if ($name === '' || strlen($name) > 200) {
            return [400, 'The file needs a name that a file can have.'];
        }
        if ($this->has($name)) {
            return [409, 'There is a file of this name already.'];
        }
        return move_uploaded_file($upload['tmp_name'], "$this->path/$name") ? null : [500, 'It could not be kept.'];
    }
}

/** At most so many bytes, and no half of a character. */
function shortened(string $text, int $most): string
{
    return preg_match('/^.{0,' . $most . '}/us', $text, $match) ? $match[0] : substr($text, 0, $most);
}
