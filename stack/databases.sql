-- one database for each part that keeps data
CREATE DATABASE engine;
CREATE DATABASE records;
CREATE DATABASE lab;
CREATE DATABASE government;
CREATE DATABASE sms;
