import { Campanile } from "/client.js";

Campanile.connect("/ws/");
