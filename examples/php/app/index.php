<?php
// The front controller: every path that is no file of app/ comes here, in PATH_INFO.
declare(strict_types=1);

require __DIR__ . '/../lib/cupboard.php';
require __DIR__ . '/../lib/pages.php';

$cupboard = new Cupboard($_SERVER['CUPBOARD_DATA'] . '/files');
session_save_path(folder($_SERVER['CUPBOARD_DATA'] . '/sessions'));
session_start([
    'name' => 'cupboard',
    'use_strict_mode' => true,
    'cookie_httponly' => true,
    'cookie_samesite' => 'Lax',
    'cookie_secure' => ($_SERVER['HTTPS'] ?? '') === 'on',
]);
$_SESSION['token'] ??= bin2hex(random_bytes(16));

$method = $_SERVER['REQUEST_METHOD'] === 'HEAD' ? 'GET' : $_SERVER['REQUEST_METHOD'];
$path = $_SERVER['PATH_INFO'] ?? '/';
$isKnown = isset($_SESSION['user']);
// Of what was too large to be read, nothing is left, not even the token.
$isCut = $method === 'POST' && $_POST === [] && (int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > 0;

if ($isCut) {
    fail(413, 'That is more than can be taken at once.');
} elseif ($method === 'POST' && !hash_equals($_SESSION['token'], (string) ($_POST['token'] ?? ''))) {
    fail(403, 'This form is not from here, or too old: go back, and try again.');
} elseif ("$method $path" === 'POST /login') {
    // A real application has users, each with a hash like this one in its database. The word is "lantern".
    $hash = '$2y$10$dQeR03tfChTdLF37pqHkmeeQkluuJmC5Pa7ARk7o0Kibm95EUQDPK';
    $isRight = password_verify((string) ($_POST['password'] ?? ''), $hash);
    $name = trim((string) ($_POST['name'] ?? ''));
    if (!$isRight || $name === '') {
        fail(403, 'Nobody of this name has this password.');
    } else {
        session_regenerate_id(true);
        $_SESSION['user'] = shortened($name, 40);
        go('/');
    }
} elseif ("$method $path" === 'POST /logout') {
    $_SESSION = [];
    session_destroy();
    go('/');
} elseif ("$method $path" === 'GET /') {
    show('The cupboard', $isKnown ? filesPage($cupboard->all(), $_SESSION['user'], $_SESSION['token']) : loginPage($_SESSION['token']));
} elseif (!$isKnown) {
    fail(403, 'Only who is known here may look into the cupboard.');
} elseif ("$method $path" === 'POST /files') {
    $refusal = $cupboard->put($_FILES['file'] ?? null);
    $refusal === null ? go('/') : fail($refusal[0], $refusal[1]);
} elseif (preg_match('~^/files/([^/]+)$~', $path, $match) && $cupboard->has($match[1])) {
    if ($method === 'POST') {
        $cupboard->remove($match[1]);
        go('/');
    } else {
        // The server sends the file itself, parts of it as well; PHP is free for others meanwhile.
        header('Content-Type: application/octet-stream');
        header("Content-Disposition: attachment; filename*=UTF-8''" . rawurlencode($match[1]));
        header('X-Accel-Redirect: /shelf/' . rawurlencode($match[1]));
    }
} else {
    fail(404, 'There is nothing of this name.');
}
