<?php
header('Content-Type: text/html; charset=utf-8');
$name = $_POST['name'] ?? $_GET['name'] ?? 'nobody';
?>
<!doctype html>
<title>hello</title>
<p><?= $_SERVER['REQUEST_METHOD'] ?>: hello, <?= htmlspecialchars($name) ?>!
