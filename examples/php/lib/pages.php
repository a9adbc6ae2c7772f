<?php
// What a browser is shown.
declare(strict_types=1);

function escaped(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE);
}

function show(string $title, string $body): void
{
    header('Content-Type: text/html; charset=utf-8');
    header('Cache-Control: no-store');
    $title = escaped($title);
    echo <<<HTML
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>$title</title>
        <link rel="stylesheet" href="/style.css">
        <h1>$title</h1>
        $body

        HTML;
}

function fail(int $status, string $why): void
{
    http_response_code($status);
    show($why, '<p><a href="/">To the cupboard</a></p>');
}

function go(string $path): void
{
    http_response_code(303);
    header("Location: $path");
}

function loginPage(string $token): string
{
    return <<<HTML
        <form method="post" action="/login">
          <input type="hidden" name="token" value="$token">
          <label>Name <input name="name" required autocomplete="username"></label>
          <label>Password <input name="password" type="password" required autocomplete="current-password"></label>
          <button>Open</button>
        </form>
        HTML;
}

/** @param array<string, int> $files */
function filesPage(array $files, string $user, string $token): string
{
    $rows = '';
    foreach ($files as $name => $size) {
        $url = '/files/' . rawurlencode((string) $name);
        $rows .= '<tr><td><a href="' . $url . '">' . escaped((string) $name) . '</a><td>' . number_format($size) . ' bytes'
            . '<td><form method="post" action="' . $url . '"><input type="hidden" name="token" value="' . $token . '"><button>Delete</button></form>';
    }
    $user = escaped($user);
    return <<<HTML
        <table>$rows</table>
        <form method="post" action="/files" enctype="multipart/form-data">
          <input type="hidden" name="token" value="$token">
          <input type="file" name="file" required>
          <button>Put it in</button>
        </form>
        <form method="post" action="/logout">
          <input type="hidden" name="token" value="$token">
          <button>Close, $user</button>
        </form>
        HTML;
}
